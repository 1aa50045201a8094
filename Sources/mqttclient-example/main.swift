// What a small script does with MQTT, in Swift: listens to `test`, and for {"pin":1,"value":0} writes 0 to the file of
// pin 1 in a folder, as a GPIO's value is written below /sys; then tells `test/done` what it did.
//
//     swift run mqttclient-example HOST PORT FOLDER

import Foundation
import MQTTClient

struct Change: Decodable {
    let pin: Int
    let value: Int
}

guard CommandLine.arguments.count == 4, let port = UInt16(CommandLine.arguments[2]) else {
    fatalError("usage: mqttclient-example HOST PORT FOLDER")
}
let folder = URL(fileURLWithPath: CommandLine.arguments[3])

let client = try MQTTClient(.init(host: CommandLine.arguments[1], port: port))
let log: @Sendable (String) -> Void = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) }
client.onLog = log
client.onMessage = { message in
    guard let change = try? JSONDecoder().decode(Change.self, from: Data(message.payload)),
        (0...64).contains(change.pin), (0...1).contains(change.value)
    else { return log("not understood: \(message.text)") }
    do {
        try Data("\(change.value)\n".utf8).write(to: folder.appendingPathComponent("gpio\(change.pin)"))
        try client.publish("test/done", "pin \(change.pin) is \(change.value)", .atLeastOnce)
    } catch {
        log("pin \(change.pin): \(error)")
    }
}
try client.subscribe("test", .atLeastOnce)
client.run()
