"""The evidence pack 证据包 of a project: one ZIP that proves how the deal went, without the system it came from.

    cover.pdf                     the deal on a few pages, in the reader's language
    README.txt                    what is in it and how it is checked
    project.json                  stages entered, seats held, steps done
    records/KIND/CODE.json        every record of the deal as it stands now, with the numbers of its log entries
    decisions/CODE.json           every request for a decision: figures as they were, opinions, who for whom
    special-approvals/CODE.json   what was let pass, why and until when
    handovers/CODE.json           packages of the counter, taken or returned with gaps
    files/NUMBER/NAME             the files hung on the records
    log.jsonl                     the log of the case with its chain, one entry a line
    anchors.jsonl                 earlier heads of the chain that were kept outside the database
    manifest.json                 size and SHA-256 of everything, and of the files as they were hung up

What is in it is what the reader may see. The same reader gets the same bytes again as long as nothing was done to the
deal: no date of the export, no address, fixed times in the archive, everything in one order and in one language.
"""
