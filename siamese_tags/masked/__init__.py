"""Masked-context priming: half of a document's tags are revealed, and its hidden tags are to be ranked first.

In the classic evaluation the context of a test document is inferred from the very tags that are to be retrieved; here
context and query come from revealed tags only. The way through: ``split`` and ``mask`` → ``rules`` or ``encoder`` with
``training`` → ``metrics``; ``choose`` picks the settings of a rule on validation documents. ``priming_data`` and
``stages`` put the Siamese network to the same test; ``documents_of_run`` keeps the figures of every document, which
``bootstrap`` and ``differences`` pair.
"""
