"""The local runner: it sets up a checkout and runs LTC on one machine without any service installed on it.

Nothing here imports Django: the runner must work before Django is installed, and start fast.
"""
