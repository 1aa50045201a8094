import Base
import Engine
import Wire

/// Writes one message of an outbox, piece by piece as there is room, as a PUBLISH; or the PUBREL that takes its place
/// once the broker has it.
struct MessageWriter {
    private enum Stage: UInt8 {
        case header, topic, packetID, payload, done
    }

    private var stage = Stage.done
    private var content = ChainReader(Stored.empty)
    private var topicLeft = 0
    /// Bytes of the payload that were taken from its file.
    private var fileOffset = 0

    init() {}

    init(_ message: Outgoing) {
        stage = .header
        content = ChainReader(message.content)
        topicLeft = Int(message.topicFieldBytes)
    }

    enum Progress: UInt8 {
        case done
        /// There is no room for more.
        case full
        /// The file with the payload cannot be read, or is shorter than it was.
        case failed
    }

    mutating func write<Net: ClientIO & ~Copyable>(
        _ message: Outgoing, from store: borrowing Slabs, to output: inout ByteWriter, _ io: inout Net
    ) -> Progress {
        if stage == .header {
            guard output.room >= PublishLayout.maxHeaderBytes else { return .full }
            if message.state == .awaitingPubcomp {
                Acknowledgement.encode(.pubrel, packetID: message.packetID, to: &output)
                stage = .done
                return .done
            }
            PublishLayout(
                qos: message.qos, retain: message.retain, isDuplicate: message.isRepeated,
                packetID: message.packetID, topicFieldBytes: topicLeft, payloadBytes: Int(message.payloadBytes)
            ).encodeHeader(to: &output)
            stage = .topic
        }
        if stage == .topic {
            while topicLeft > 0 {
                guard output.room > 0 else { return .full }
                guard let run = content.next(in: store, limit: min(topicLeft, output.room)) else {
                    preconditionFailure("a message without its topic")
                }
                output.bytes(run)
                topicLeft -= run.count
            }
            stage = message.qos == .atMostOnce ? .payload : .packetID
        }
        if stage == .packetID {
            guard output.room >= 2 else { return .full }
            output.int16(message.packetID)
            stage = .payload
        }
        return message.file < 0 ? writeStored(from: store, to: &output) : writeFile(message, to: &output, &io)
    }

    private mutating func writeStored(from store: borrowing Slabs, to output: inout ByteWriter) -> Progress {
        while content.remaining > 0 {
            guard output.room > 0 else { return .full }
            guard let run = content.next(in: store, limit: output.room) else { break }
            output.bytes(run)
        }
        stage = .done
        return .done
    }

    private mutating func writeFile<Net: ClientIO & ~Copyable>(
        _ message: Outgoing, to output: inout ByteWriter, _ io: inout Net
    ) -> Progress {
        while fileOffset < Int(message.payloadBytes) {
            guard output.room > 0 else { return .full }
            let count = min(output.room, Int(message.payloadBytes) - fileOffset)
            guard case .done(let got) = io.readFile(
                message.file, offset: fileOffset, output.start + output.count, count), got > 0
            else { return .failed }
            output.extend(by: got)
            fileOffset += got
        }
        stage = .done
        return .done
    }
}
