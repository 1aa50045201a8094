"""Two clients that have nothing to do with what goes on beside them."""

import packets
from broker import Broker
from packets import Publish


class Bystanders:
    def __init__(self, broker: Broker):
        self.publisher = broker.connect()
        self.subscriber = broker.connect()
        self.topic = f"bystanders/{self.subscriber.address}"
        self.subscriber.subscribe((self.topic, 1))
        self.count = 0

    def exchange(self) -> None:
        """One message goes from the one to the other, on the connections they have had from the start."""
        self.count += 1
        payload = str(self.count).encode()
        self.publisher.request(packets.publish(self.topic, payload, qos=1, id=7), answer=packets.puback(7))
        message = self.subscriber.receive_publish()
        assert message == Publish(self.topic, payload, 1, message.id)
        self.subscriber.send(packets.puback(message.id))
