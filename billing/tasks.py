"""The clock of billing: each job calls one service and may run twice."""

from celery import shared_task

from billing.services import bank_statement, credit_note, dunning, promise, reminders


@shared_task
def remind_due() -> int:
    """Once a day: what falls due within a week."""
    return reminders.remind_due()


@shared_task
def remind_overdue() -> int:
    """Once a day: what is overdue."""
    return reminders.remind_overdue()


@shared_task
def remind_uninvoiced() -> int:
    """Once a day: payable for five days and not invoiced."""
    return reminders.remind_uninvoiced()


@shared_task
def remind_unclaimed() -> int:
    """Once a day: money nobody has claimed for three days."""
    return reminders.remind_unclaimed()


@shared_task
def remind_bills() -> int:
    """Once a day: bills of exchange that fall due within ten days."""
    return reminders.remind_bills()


@shared_task
def lapse_credit_notes() -> int:
    """Every hour: confirmation forms older than 72 hours."""
    return credit_note.lapse_unconfirmed()


@shared_task
def take_statement(pk: int) -> bool:
    """A large bank statement is to be taken in now."""
    return bank_statement.run(pk)


@shared_task
def take_statements() -> int:
    """Every few minutes: statements whose worker was stopped on the way."""
    return bank_statement.run_waiting()


@shared_task
def judge_promises() -> int:
    """Once a day, before letters are proposed: promises kept and broken."""
    return promise.judge_promises()


@shared_task
def propose_letters() -> int:
    """Once a day: dunning letters for what is ripe."""
    return dunning.propose()
