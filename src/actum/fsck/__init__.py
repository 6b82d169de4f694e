"""``actum fsck``: does all that is on record still agree with itself and with the bytes?"""
