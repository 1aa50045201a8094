"""A bit of everything that clients do, many times."""

import packets
from bad_packets import FIRST, LATER
from broker import Broker
from load import Load


def churn(broker: Broker, *, connects: int, messages: int) -> None:
    """Connects that end in each way there is; messages at each QoS, short and long; wildcards, bad packets."""
    for i in range(connects):
        client = broker.connect("e2e-churn" if i % 4 == 0 else None)
        client.subscribe((f"churn/{i}/+", 2), ("churn/#", 1))
        client.send(packets.publish(f"churn/{i}/x", b"m", qos=1, id=1))
        for _ in range(2):  # the message and its acknowledgement; the message stays unacknowledged
            client.receive()
        if i % 4 == 1:
            client.send(packets.DISCONNECT)
            client.expect_end()
        elif i % 4 == 2:
            client.send(LATER[i % len(LATER)].data)
            client.expect_end()
        bad = FIRST[i % len(FIRST)]
        offender = broker.dial()
        offender.send(bad.data)
        offender.expect_end()
        if i % 20 == 0:
            broker.hang_up()
    for qos in (0, 1, 2):
        publishers, subscribers = [broker.connect() for _ in range(4)], [broker.connect() for _ in range(4)]
        Load(publishers, subscribers, "churn/load", qos=qos).run(messages // 4).check()
        Load(publishers[:1], subscribers, "churn/long", qos=qos, padding=10_000).run(20).check()
        broker.hang_up()
