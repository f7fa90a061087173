"""The load: clients that work like people, and remember every write the server has acknowledged.

Whoever gets no answer, or a 5xx, sends the same form again, as people do: the form's key must make one row of it.
"""

import itertools
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ltc.faults.browser import Answer, Browser

LONGEST = 90.0  # seconds a client goes on sending the same form
PAUSE = (0.5, 1.5)  # seconds between two acts of a client


@dataclass(frozen=True)
class Write:
    """One act: `token` is a text that stands in what it has written and nowhere else."""

    kind: str
    token: str
    lead: int = 0
    tries: int = 1
    at: float = field(default_factory=time.time)


@dataclass
class Ledger:
    """What all clients were told."""

    taken: list[Write] = field(default_factory=list)
    unknown: list[Write] = field(default_factory=list)  # nobody ever said that it was done
    refused: dict[str, int] = field(default_factory=dict)
    answers: dict[int, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  # 500: a fault of ours whatever the weather
    ended: list[str] = field(default_factory=list)  # clients that stumbled: the load would be less than it says
    cut_off: int = 0  # forms that were sent and got no answer
    writing: int = 0  # forms that are under way now
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: str, answer: Answer) -> None:
        """Count an answer."""
        with self.lock:
            self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            if answer.status == 500 and len(self.broken) < 50:
                self.broken.append(path)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While a form is under way."""
        with self.lock:
            self.writing += 1
        try:
            yield
        finally:
            with self.lock:
                self.writing -= 1

    def await_a_write(self, seconds: float = 3) -> None:
        """Return in the middle of somebody's write: a moment after a form was sent, never the same moment."""
        end = time.monotonic() + seconds
        while not self.writing and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.05))

    def settle(self, write: Write, answer: Answer) -> None:
        """Remember how a write ended."""
        with self.lock:
            if answer.taken:
                self.taken.append(write)
            elif answer.lost:
                self.unknown.append(write)
            else:
                label = f"{write.kind} {answer.status}"
                self.refused[label] = self.refused.get(label, 0) + 1


@dataclass(frozen=True)
class Company:
    """Ids of the demo company that forms name."""

    ar: int
    ar2: int
    source: int
    activity: int
    account: int
    method: int
    contract: int
    yesterday: str
    today: str


class Client(threading.Thread):
    """Collects leads, works on them, enters receipts and claims them, again and again."""

    def __init__(self, number: int, people: dict[str, Browser], company: Company, ledger: Ledger) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.people, self.company, self.ledger = people, company, ledger
        self.going = threading.Event()
        self.going.set()
        self.random = random.Random(number)
        self.numbers = itertools.count(1)

    def run(self) -> None:
        """Until told to stop."""
        try:
            while self.going.is_set():
                self._lead()
                self._receipt()
        except Exception as error:
            self.ledger.ended.append(f"{self.name} stumbled: {error!r}")

    def stop(self) -> None:
        """End after the act that is under way."""
        self.going.clear()

    # -- one lead and one receipt, from page to page

    def _lead(self) -> None:
        sales, company = self.random.choice(["ar", "ar2"]), self.company
        other = "ar2" if sales == "ar" else "ar"
        token = self._token()
        fields = {"title": token, "company_name": token, "contact_name": "Faults", "source": str(company.source)}
        fields |= {"need": token, "temperature": "warm", "currency": "CNY", "accept_duplicate": "on"}
        fields |= {"next_action": "call", "next_action_on": company.yesterday}
        where = self._act("leads", "lead", "/leads/new/", token, fields)
        if not where:
            return
        lead = int(where.strip("/").split("/")[-1])
        owner = {"owner": str(getattr(company, sales))}
        contact = {"kind": str(company.activity), "next_action": "call", "next_action_on": company.yesterday}
        self._verb("leads", lead, "assign", owner)
        self._verb(sales, lead, "start", {})
        self._verb(sales, lead, "add_follow_up", {**contact, "text": "{token}"})
        token = self._token()
        self._act(sales, "edit", f"/leads/{lead}/edit/", token, {**fields, "need": token}, lead)
        self._file(sales, lead)
        if self.random.random() < 0.5:
            self._verb("leads", lead, "pool", {"pool_reason": "faults"})
            self._verb(other, lead, "pick", {})

    def _receipt(self) -> None:
        company, token = self.company, self._token()
        fields = {"account": str(company.account), "payer_name": "Faults", "gross_amount": "100.00", "currency": "CNY"}
        fields |= {"value_on": company.today, "reference": token, "method": str(company.method)}
        where = self._act("cashier", "receipt", "/receipts/new/", token, fields)
        if where:
            token = self._token()
            form = {"contract": str(company.contract), "note": token}
            self._act("ar", "claim", f"{where}claim/", token, form)

    def _verb(self, who: str, lead: int, verb: str, form: dict[str, str]) -> None:
        token = self._token()
        typed = {"note": token, **{name: value.replace("{token}", token) for name, value in form.items()}}
        self._act(who, verb, f"/leads/{lead}/{verb}/", token, typed, lead)

    def _file(self, who: str, lead: int) -> None:
        token = self._token()
        path = f"/leads/{lead}/files/"
        self._act(who, "file", path, token, {}, lead, (f"{token}.txt", token.encode() * 2000))

    # -- one act

    def _token(self) -> str:
        return f"f{uuid.uuid4().hex[:16]}"

    def _act(
        self,
        who: str,
        kind: str,
        path: str,
        token: str,
        fields: dict[str, str],
        lead: int = 0,
        file: tuple[str, bytes] | None = None,
    ) -> str:
        """Open the page, send the form until somebody answers; the address that was answered, if it was taken."""
        browser, end = self.people[who], time.monotonic() + LONGEST
        time.sleep(self.random.uniform(*PAUSE))
        page = self._until_answered(end, path, lambda: browser.get(path))
        if not page.taken:
            return ""
        form = {**page.hidden(), **fields}
        tries = itertools.count(1)

        def send() -> Answer:
            next(tries)
            with self.ledger.sending():
                answer = browser.post(path, form, file)
            self.ledger.cut_off += answer.status == 0
            return answer

        answer = self._until_answered(end, path, send)
        self.ledger.settle(Write(kind, token, lead, next(tries) - 1), answer)
        return answer.location if answer.taken else ""

    def _until_answered(self, end: float, path: str, ask: Callable[[], Answer]) -> Answer:
        while True:
            answer = ask()
            self.ledger.note(path, answer)
            if not answer.lost or time.monotonic() > end:
                return answer
            time.sleep(self.random.uniform(0.2, 0.5))
