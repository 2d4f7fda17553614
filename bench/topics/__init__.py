"""What `make bench` measures, a module for each topic."""

from __future__ import annotations

from bench.stage import Topic
from bench.topics import (
    certificate,
    due,
    lists,
    memory,
    postgres,
    renewals,
    rivals,
    start,
    submission,
    unproved,
    workers,
)

TOPICS: dict[str, Topic] = {
    module.TOPIC.name: module.TOPIC
    for module in (
        submission,
        workers,
        certificate,
        due,
        lists,
        postgres,
        memory,
        start,
        rivals,
        unproved,
        renewals,
    )
}
