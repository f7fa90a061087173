"""The campaign against a running demo: everything is killed under load, then everything acknowledged must be there.

It looks at the demo from outside, by HTTP, SQL, Redis and signals, and imports nothing of the product.
"""
