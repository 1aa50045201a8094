/// What a packet decoder answers: the packet, whose views point into the frame, or the reason to end the connection.
public enum Decoded<Packet> {
    case packet(Packet)
    case bad(CloseReason)
}
