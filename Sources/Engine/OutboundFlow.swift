import Base
import Wire

/// Where the sending of one message to one client stands [MQTT 3.1.1 §4.3].
public enum DeliveryState: UInt8 {
    /// Not sent yet, or to be sent again.
    case queued
    /// QoS 1, sent.
    case awaitingPuback
    /// QoS 2, sent.
    case awaitingPubrec
    /// QoS 2, the receiver has it; only PUBREL may follow [MQTT-4.3.3-1].
    case awaitingPubcomp

    /// What an acknowledgement means for the message it names.
    public enum Step: UInt8 {
        /// The exchange is over: forget the message, the id is free.
        case complete
        /// Answer PUBREL and wait for PUBCOMP; the message itself may be forgotten.
        case release
        /// The peer mixes up the exchanges of QoS 1 and 2.
        case violation
    }

    /// The state after the PUBLISH went out whole.
    public static func sent(_ qos: QoS) -> DeliveryState { qos == .exactlyOnce ? .awaitingPubrec : .awaitingPuback }

    /// `acknowledgement` is PUBACK, PUBREC or PUBCOMP.
    public mutating func received(_ acknowledgement: PacketType) -> Step {
        switch (self, acknowledgement) {
        case (.awaitingPuback, .puback), (.awaitingPubcomp, .pubcomp):
            return .complete
        // PUBREC again: our PUBREL was lost with an earlier connection.
        case (.awaitingPubrec, .pubrec), (.awaitingPubcomp, .pubrec):
            self = .awaitingPubcomp
            return .release
        default:
            return .violation
        }
    }
}

/// The packet ids of one session's outgoing messages [MQTT-2.3.1-4].
///
/// Ids are handed out in a row and the exchanges are kept in that order, so all ids in use lie between the oldest one
/// and the newest. An id can only be taken when the row has come round to the oldest.
public struct OutboundFlow {
    private var lastID: UInt16

    public init(lastID: UInt16 = 0) { self.lastID = lastID }

    /// A free id, or nil when the row has reached `oldest`, the id of the oldest unfinished exchange (zero for none).
    public mutating func takeID(oldest: UInt16) -> UInt16? {
        let id = lastID == UInt16.max ? 1 : lastID + 1
        guard id != oldest else { return nil }
        lastID = id
        return id
    }
}
