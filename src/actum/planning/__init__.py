"""What a promotion would do, and what speaks for it: planned from the base alone, written nowhere."""
