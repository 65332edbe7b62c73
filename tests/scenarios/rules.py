# SPDX-License-Identifier: GPL-3.0-or-later
"""Our rules about what leaves: an alert of one of them is a finding of the benchmark."""
RULES = ("unexplained-bytes", "leak-bound", "name-information", "size-echo", "lookups", "selectivity")
# What a measure says of a product or of who is talked to, whatever was sent: no finding here.
OF_MEASURES = ("product-measure", "destination-measure", "destination-bytes")
# What a product does to others and to itself, whatever leaves: no finding here either.
OF_CONDUCT = ("steering-file", "socket-family", "executable-identity")
