"""Answers as servers that are broken, slow or hostile give them: none of them proves anything."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certdesk.domain.validation.challenge import Finding, Verdict
from certdesk.validation.exchange import ANSWER_LIMIT, Unanswered
from certdesk.validation.resolver import CHECK_SECONDS, check_deadline
from certdesk.world.nameserver import NameServer, fitting, nameserver
from tests.validation.validating import CNAME, RECORD, TOKEN, TXT, resolver_of, validate

Change = Callable[[dns.message.Message], None]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """The desk's half starts none, and the name server's own end with it."""
    before = threading.active_count()
    yield
    assert threading.active_count() <= before


def honest(names: NameServer) -> None:
    """Publish what proves: it is the answer's way that is wrong."""
    names.add(RECORD, "TXT", TOKEN)


def altered(names: NameServer, change: Change, times: int = 1 << 30) -> None:
    """Let the first so many answers for the record be changed ones."""
    given_out: list[dns.message.Message] = []

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        response = names.response(query)
        if len(given_out) < times:
            given_out.append(query)
            change(response)
        return [fitting(response, query, tcp=tcp)]

    names.script(RECORD, script)


def in_a_second(names: NameServer) -> str:
    """Look the record up with a second's time, and give why there is no answer."""
    with pytest.raises(Unanswered) as failure:
        resolver_of(names.endpoint).ask(RECORD, "TXT", time.monotonic() + 1)
    return failure.value.reason


def unanswered(found: Finding) -> str:
    """Check that nothing was found out; give the reason."""
    assert found.verdict is Verdict.TXT_UNANSWERED
    assert (found.seen, found.secure) == ((), None)
    return found.reason


def test_what_is_said_of_an_error_is_cut(names: NameServer) -> None:
    """A server may give as many reasons as its answer has room for (RFC 8914)."""

    def explain(response: dns.message.Message) -> None:
        response.set_rcode(dns.rcode.SERVFAIL)
        reasons: list[dns.edns.Option] = [
            dns.edns.EDEOption(dns.edns.EDECode.make(code)) for code in range(30, 1030)
        ]
        response.use_edns(options=reasons, payload=ANSWER_LIMIT)

    altered(names, explain)
    found = validate(TXT, names.endpoint)
    assert ", and 990 more)" in unanswered(found)
    assert len(found.reason) < 1_000
    assert all(len(step) < 1_000 for step in found.steps)


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "YXDOMAIN"])
def test_an_error_is_no_answer(names: NameServer, code: str) -> None:
    """It is asked three times, and the reason names the code."""
    honest(names)
    names.fail(RECORD, code)
    found = validate(TXT, names.endpoint)
    assert f"it answered {code}" in unanswered(found)
    assert names.asked("TXT") == [RECORD] * 3
    assert len(found.steps) == 3


def test_an_error_with_the_record_in_it_is_an_error(names: NameServer) -> None:
    """The code counts, not what comes along."""
    honest(names)
    altered(names, lambda response: response.set_rcode(dns.rcode.SERVFAIL))
    assert "SERVFAIL" in unanswered(validate(TXT, names.endpoint))


def test_a_server_that_recovers_is_believed(names: NameServer) -> None:
    """Within the tries."""
    honest(names)
    altered(names, lambda response: response.set_rcode(dns.rcode.SERVFAIL), times=2)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_a_name_that_does_not_exist_has_no_record(names: NameServer) -> None:
    """That is an answer, and asked for once (and once where the zone would be twice)."""
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_ABSENT
    assert names.asked("TXT") == [RECORD, f"{RECORD}.example.com"]


# --- chains -------------------------------------------------------------------------------------


def chain(names: NameServer, length: int) -> None:
    """Lead from the record over so many names to what proves."""
    at = [RECORD, *(f"hop{number}.example.net" for number in range(length))]
    for one, other in itertools.pairwise(at):
        names.add(one, "CNAME", f"{other}.")
    names.add(at[-1], "TXT", TOKEN)


def test_eight_names_are_followed(names: NameServer) -> None:
    """As far as is allowed."""
    chain(names, 8)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_nine_names_are_not(names: NameServer) -> None:
    """Though there is something at the end."""
    chain(names, 9)
    assert "CNAME chain has more than 8 names" in unanswered(validate(TXT, names.endpoint))


def test_a_circle_is_seen(names: NameServer) -> None:
    """Of any length, one included."""
    names.add(RECORD, "CNAME", "other.example.net.")
    names.add("other.example.net", "CNAME", f"{RECORD}.")
    assert "form a loop" in unanswered(validate(TXT, names.endpoint))

    names.remove(RECORD, "CNAME")
    names.add(RECORD, "CNAME", f"{RECORD}.")
    assert "form a loop" in unanswered(validate(TXT, names.endpoint))


@pytest.mark.parametrize(("length", "verdict"), [(8, Verdict.PROVED), (9, Verdict.TXT_UNANSWERED)])
def test_a_chain_that_a_server_leaves_unfinished_is_asked_for(
    names: NameServer, length: int, verdict: Verdict
) -> None:
    """Name by name, and the limit holds over all of them."""
    chain(names, length)

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        response = names.response(query)
        response.answer = response.answer[:1]
        return [fitting(response, query, tcp=tcp)]

    for name in (RECORD, *(f"hop{number}.example.net" for number in range(9))):
        names.script(name, script)
    assert validate(TXT, names.endpoint).verdict is verdict
    assert len(names.questions) == 9


# --- sizes --------------------------------------------------------------------------------------


def test_an_answer_that_was_cut_is_asked_for_by_tcp(names: NameServer) -> None:
    """And is then whole."""
    names.add(RECORD, "TXT", TOKEN, *(f"{number}" * 200 for number in range(9)))
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED
    assert names.asked("TXT") == [RECORD, RECORD]


def test_500_records_are_not_read(names: NameServer) -> None:
    """Though one of them is the right one."""
    names.add(RECORD, "TXT", TOKEN, *(f"{number}" for number in range(499)))
    found = validate(TXT, names.endpoint)
    assert found.verdict is Verdict.TXT_DIFFERS
    assert "has 500 TXT strings" in found.reason
    assert len(found.seen) == 10


def test_an_answer_of_64_kib_is_not_read(names: NameServer) -> None:
    """Its size is told first, and nothing more of it is taken."""
    names.add(RECORD, "TXT", TOKEN, *(f"{number:04}" + "x" * 900 for number in range(70)))
    reason = unanswered(validate(TXT, names.endpoint))
    assert f"bytes, and the desk reads at most {ANSWER_LIMIT}" in reason


def test_an_answer_that_is_cut_by_tcp_as_well_is_none(names: NameServer) -> None:
    """There is nothing left to ask by."""
    honest(names)
    altered(names, lambda response: setattr(response, "flags", response.flags | dns.flags.TC))
    assert "for another question" in unanswered(validate(TXT, names.endpoint))


def test_a_connection_that_is_closed_early_is_no_answer(names: NameServer) -> None:
    """After UDP said that the answer is too long for it."""
    names.script(RECORD, lambda query, tcp: [] if tcp else [_cut(query)])
    assert "it closed the connection" in unanswered(validate(TXT, names.endpoint))


def _cut(query: dns.message.Message) -> bytes:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


# --- packets that are not the answer ------------------------------------------------------------


def other_id(response: dns.message.Message) -> None:
    """Answer another query."""
    response.id ^= 1


def other_name(response: dns.message.Message) -> None:
    """Answer for another name."""
    response.question = [dns.rrset.from_text("other.example.com.", 0, "IN", "TXT")]


def no_question(response: dns.message.Message) -> None:
    """Answer without saying what."""
    response.question = []


def other_case(response: dns.message.Message) -> None:
    """Answer in letters of another case, as who guesses does."""
    asked = response.question[0]
    swapped = asked.name.to_text().swapcase()
    response.question = [dns.rrset.from_text(swapped, 0, "IN", "TXT")]


def no_response(response: dns.message.Message) -> None:
    """Send a query back."""
    response.flags &= ~dns.flags.QR


OTHERS: dict[str, Change] = {
    "wrong id": other_id,
    "wrong question": other_name,
    "no question": no_question,
    "no response": no_response,
}
FORGERIES = OTHERS | {"mixed case": other_case}


@pytest.mark.parametrize("change", OTHERS.values(), ids=list(OTHERS))
def test_a_packet_that_is_no_answer_to_the_question_is_none(
    names: NameServer, change: Change
) -> None:
    """What it says is right, and it is passed over as if nothing had come."""
    honest(names)
    altered(names, change)
    assert in_a_second(names).endswith("no answer came in time")


def never(names: NameServer) -> None:
    """Answer nothing."""
    names.script(RECORD, lambda _query, _tcp: [])


@pytest.mark.parametrize("change", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forged_packet_that_comes_first_ends_nothing(names: NameServer, change: Change) -> None:
    """Nor does rubbish: the answer after it counts."""
    honest(names)

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        early = names.response(query)
        early.answer = [dns.rrset.from_text(f"{RECORD}.", 0, "IN", "TXT", '"forged"')]
        change(early)
        packets = [early.to_wire(), b"", b"\x00" * 12, b"\xff" * 700]
        return [*packets, fitting(names.response(query), query, tcp=tcp)]

    names.script(RECORD, script)
    found = validate(TXT, names.endpoint)
    assert (found.verdict, found.seen) == (Verdict.PROVED, (TOKEN,))
    assert names.asked("TXT") == [RECORD]


def small_letters(response: dns.message.Message) -> None:
    """Repeat the question in small letters, as some resolvers do."""
    asked = response.question[0].name.to_text().lower()
    response.question = [dns.rrset.from_text(asked, 0, "IN", "TXT")]


def test_an_answer_in_small_letters_is_asked_for_by_tcp(names: NameServer) -> None:
    """Into which nobody can write who does not see what is asked."""
    honest(names)
    altered(names, small_letters)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED
    assert names.asked("TXT") == [RECORD, RECORD]


def test_an_answer_in_small_letters_alone_proves_nothing(names: NameServer) -> None:
    """It may be forged; what is asked by TCP counts."""

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        response = names.response(query)
        value = "other" if tcp else TOKEN
        response.answer = [dns.rrset.from_text(f"{RECORD}.", 0, "IN", "TXT", f'"{value}"')]
        small_letters(response)
        return [response.to_wire()]

    names.script(RECORD, script)
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_DIFFERS

    names.script(RECORD, lambda query, tcp: [] if tcp else script(query, tcp))
    assert "closed the connection" in unanswered(validate(TXT, names.endpoint))


def test_an_answer_from_elsewhere_is_not_let_in() -> None:
    """The right answer but for who sends it, before the one that was asked."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere,
    ):
        asked.bind(("127.0.0.1", 0))
        elsewhere.bind(("127.0.0.1", 0))

        def serve() -> None:
            wire, who = asked.recvfrom(4096)
            query = dns.message.from_wire(wire)
            for sender, value in ((elsewhere, TOKEN), (asked, "other")):
                response = dns.message.make_response(query)
                name = query.question[0].name
                response.answer = [dns.rrset.from_text(name, 0, "IN", "TXT", f'"{value}"')]
                sender.sendto(response.to_wire(), who)

        serving = threading.Thread(target=serve)
        serving.start()
        endpoint = f"127.0.0.1:{asked.getsockname()[1]}"
        answer = resolver_of(endpoint).ask(RECORD, "TXT", check_deadline())
        serving.join()
    assert [record.to_text() for record in answer.records] == ['"other"']


def test_letters_of_an_answer_may_have_any_case(names: NameServer) -> None:
    """Of names in it, beside the question: names are equal in any case."""
    honest(names)

    def change(response: dns.message.Message) -> None:
        name = RECORD.upper() + "."
        response.answer = [dns.rrset.from_text(name, 0, "IN", "TXT", f'"{TOKEN}"')]

    altered(names, change)
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_records_of_another_name_are_not_counted(names: NameServer) -> None:
    """They come along unasked."""
    names.add(RECORD, "A", "192.0.2.1")

    def change(response: dns.message.Message) -> None:
        response.answer = [dns.rrset.from_text("example.com.", 0, "IN", "TXT", f'"{TOKEN}"')]

    altered(names, change)
    assert validate(TXT, names.endpoint).verdict is Verdict.TXT_ABSENT


def test_every_question_has_an_id_and_letters_of_its_own(names: NameServer) -> None:
    """Which whoever forges an answer would have to guess, beside the port."""
    ids, spellings = set(), set()

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        ids.add(query.id)
        spellings.add(query.question[0].name.to_text())
        assert query.payload == 1232
        return [fitting(names.response(query), query, tcp=tcp)]

    names.add(RECORD, "TXT", "other")
    names.script(RECORD, script)
    for _ in range(20):
        validate(TXT, names.endpoint)
    assert len(ids) > 15
    assert len(spellings) > 15


# --- silence ------------------------------------------------------------------------------------


def test_silence_is_no_answer(names: NameServer) -> None:
    """Three tries, and each is told."""
    never(names)
    found = validate(TXT, names.endpoint)
    assert "no answer came in time" in unanswered(found)
    assert names.asked("TXT") == [RECORD] * 3


def test_silence_by_tcp_is_no_answer(names: NameServer) -> None:
    """A connection that is open and says nothing holds nobody up."""
    ended = threading.Event()

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        if tcp:
            ended.wait(CHECK_SECONDS)
            return []
        return [_cut(query)]

    names.script(RECORD, script)
    assert in_a_second(names).endswith(
        "no answer came in time by TCP, since the answer was truncated"
    )
    ended.set()


def test_lost_packets_are_sent_again(names: NameServer) -> None:
    """The first two are dropped."""
    honest(names)
    lost = iter((True, True))
    names.script(
        RECORD,
        lambda query, tcp: (
            [] if next(lost, False) else [fitting(names.response(query), query, tcp=tcp)]
        ),
    )
    assert validate(TXT, names.endpoint).verdict is Verdict.PROVED


def test_no_question_is_begun_when_the_time_is_over(names: NameServer) -> None:
    """By a clock that nobody puts forward or back."""
    honest(names)
    with pytest.raises(Unanswered) as failure:
        resolver_of(names.endpoint).ask(RECORD, "TXT", time.monotonic())
    assert failure.value.reason == "the time for the check is over"
    assert names.questions == []


def test_a_resolver_that_is_not_there_is_told() -> None:
    """And another one is asked where there is one."""
    nobody = "127.0.0.1:1"
    found = validate(TXT, nobody)
    assert f"resolver {nobody}: it cannot be reached" in unanswered(found)
    with nameserver() as names:
        honest(names)
        found = validate(TXT, nobody, names.endpoint)
        assert (found.verdict, found.resolver) == (Verdict.PROVED, names.endpoint)


def test_a_cname_is_told_of_likewise(names: NameServer) -> None:
    """With its own verdict."""
    names.fail(CNAME.record)
    assert validate(CNAME, names.endpoint).verdict is Verdict.CNAME_UNANSWERED


# --- rubbish ------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(2, 150), st.integers(0, 255)), min_size=1, max_size=20))
def test_an_answer_with_any_bytes_changed_is_read_or_refused(
    names: NameServer, changes: list[tuple[int, int]]
) -> None:
    """Nothing else is raised; by TCP, where rubbish is no other's and ends the try at once."""
    names.remove(RECORD, "TXT")
    honest(names)

    def script(query: dns.message.Message, tcp: bool) -> list[bytes]:  # noqa: FBT001 - a Script
        wire = bytearray(_cut(query) if not tcp else fitting(names.response(query), query, tcp=tcp))
        for place, byte in changes if tcp else ():
            wire[place % len(wire)] = byte
        return [bytes(wire)]

    names.script(RECORD, script)
    found = validate(TXT, names.endpoint)
    assert found.verdict in {
        Verdict.PROVED,
        Verdict.TXT_ABSENT,
        Verdict.TXT_DIFFERS,
        Verdict.TXT_UNANSWERED,
    }
    assert (found.verdict is Verdict.PROVED) == (TOKEN in found.seen)
