"""Masked-context priming: half of a document's tags are revealed, and the hidden tags should be ranked first.

In the classic evaluation, the context of a test document is inferred from the tags to be retrieved; here, context and
query come only from revealed tags. Data flows ``split`` and ``mask`` → ``rules`` or ``encoder`` with ``training`` →
``metrics``. ``priming_data`` and ``stages`` test the Siamese network in the same way. ``document_figures`` stores the
figures of every document, so that two runs can be paired.
"""
