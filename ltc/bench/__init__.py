"""`./run bench`: what a page costs beside a bare page of the same server, and how that grows with the data.

Nothing of the product imports this package; its addresses exist under its own settings only.
"""
