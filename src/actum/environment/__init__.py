"""The locked environment that computes: its lock, its venv, its pin, its workers.

The only package that runs ``uv``, ``pip`` and the locked interpreter, and that knows which variables decide
a result. From the requirements to an answer: ``lock`` > ``venv`` > ``pins`` > ``facts`` > ``workers``.
"""
