import Base

/// What mosquitto's values are called here.
extension Importer {
    /// A flag, by mosquitto's words or OpenWrt's.
    @inline(never) static func flag(_ value: ByteView) -> Bool? {
        let word = value.firstWord.word
        if ByteView("true 1 on yes enabled").hasWord(word) { return true }
        return ByteView("false 0 off no disabled").hasWord(word) ? false : nil
    }

    /// Whether all is here as such a line has it in mosquitto.
    @inline(never) static func saysNothing(_ option: ForeignOption, _ value: ByteView) -> Bool {
        switch option {
        case .maxQoS: value.firstWord.word.equals("2")
        case .listenerTLS, .mountPoint, .anonymousByListener, .log, .plugins, .includes, .idPrefix, .idPrefixes: false
        default: flag(value) == false
        }
    }

    @inline(never) mutating func write(_ option: Option, _ line: ImportLine) {
        let word = line.value.firstWord.word
        switch option.row.kind {
        case .flag:
            guard let flag = Importer.flag(word) else { return write(line, word) }
            if option == .setTCPNoDelay, !flag { return }
            write(line, ByteView(flag ? "true" : "false"))
        case .number(let min, let max), .size(let min, let max), .duration(let min, let max):
            writeNumber(option, line, min, max)
        case .protocolName:
            if !word.equals("mqtt") { leaveOut(line, "there is MQTT over TCP and unix sockets only") }
        case .listener: writeListener(line)
        case .remote: writeRemotes(line)
        case .logDest: writeDestinations(line)
        case .logType: writeTypes(line)
        case .choice: writeChoice(option, line, word)
        case .file:
            write(line, line.value)
            guard option == .passwordFile else { return }
            sheet.note("#   for plain passwords, as OpenWrt's mosquitto-nossl has them: mosquitto_passwd -U FILE")
        case .connection:
            write(line, word)
            if packetBytes > BridgeLimits().spoolBytes {
                sheet.line(ByteView(Option.spoolSize.row.name), packetBytes, origin: 0)
            }
        case .domain: write(line, word)
        default: write(line, line.value)
        }
    }

    @inline(never) private mutating func write(_ line: ImportLine, _ value: ByteView) {
        sheet.line(line.key, value, origin: line.number)
    }

    /// mosquitto has "no limit" where here is a greatest one, and takes the least for what is less.
    @inline(never) private mutating func writeNumber(_ option: Option, _ line: ImportLine, _ min: Int, _ max: Int) {
        let word = line.value.firstWord.word
        guard let number = ConfigValue.signed(word) ?? ConfigValue.duration(word) else { return write(line, word) }
        var value = number
        switch option {
        case .maxConnections, .globalMaxConnections, .globalMaxClients, .bridgeTCPUserTimeout, .maxPacketSize:
            if number <= 0 { return }
        case .maxInflightMessages:
            if number <= 0 { value = max }
        case .maxKeepAlive:
            // mosquitto 2.0's default, with which a client may ask for none.
            if number == max { value = 0 }
        default: break
        }
        if value < min { value = min }
        if value > max, !option.needsRestart || option.isOfConnection { value = max }
        // No more can be connected than may be known.
        if option == .globalMaxConnections, value > maxClients { value = maxClients }
        if value == number {
            write(line, word)
        } else {
            sheet.text("#   in mosquitto: ")
            sheet.bytes(word)
            sheet.end()
            sheet.line(line.key, value, origin: line.number)
        }
        if option == .maxPacketSize, value <= max { makeRoom(value) }
    }

    /// The stores that a packet must fit in are larger than by default, where it is.
    private mutating func makeRoom(_ bytes: Int) {
        packetBytes = bytes
        if bytes > Limits(.broker).packetBufferBytes {
            sheet.line(ByteView(Option.packetStoreSize.row.name), 2 * bytes, origin: 0)
        }
        if bytes > Limits(.broker).messageStoreBytes / 2 {
            sheet.line(ByteView(Option.messageStoreSize.row.name), 2 * bytes, origin: 0)
        }
    }

    /// What follows may be a comment.
    @inline(never) private mutating func writeListener(_ line: ImportLine) {
        let (port, rest) = line.value.firstWord
        let place = rest.starts(with: "#") ? .empty : rest.firstWord.word
        // Here, the system would choose a port.
        let isNone = port.equals("0") && !place.starts(with: "/")
        writeListener(isNone ? .empty : port, place, origin: line.number)
    }

    @inline(never) mutating func writeListener(_ port: ByteView, _ place: ByteView, origin: Int) {
        sheet.text("listener ")
        sheet.bytes(port)
        if !place.isEmpty { sheet.text(" ") }
        sheet.bytes(place)
        sheet.end(origin: origin)
    }

    /// An IPv6 address and its port, which mosquitto separates by the last colon. A comment may follow.
    @inline(never) private mutating func writeRemotes(_ line: ImportLine) {
        sheet.bytes(line.key)
        var rest = line.value
        while !rest.isEmpty, rest[0] != UInt8(ascii: "#") {
            let (word, others) = rest.firstWord
            sheet.text(" ")
            var end = word.count
            while end > 0, word[end - 1] != UInt8(ascii: ":") { end -= 1 }
            let host = word.slice(0, end > 0 ? end - 1 : 0)
            if host.firstIndex(of: UInt8(ascii: ":")) != nil, Address(parsing: host, port: 0) != nil {
                sheet.text("[")
                sheet.bytes(host)
                sheet.text("]:")
                sheet.bytes(word.dropFirst(end))
            } else {
                sheet.bytes(word)
            }
            rest = others
        }
        sheet.end(origin: line.number)
    }

    /// A line of OpenWrt's may have several.
    @inline(never) private mutating func writeDestinations(_ line: ImportLine) {
        var rest = line.value
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            if word.equals("stdout") {
                write(line, ByteView("stderr"))
                if others.equals("unbuffered") { return }
            } else if ByteView("stderr syslog none").hasWord(word) {
                write(line, word)
            } else {
                return leaveOut(line, "use stderr, which a service hands on to the system's log, or syslog")
            }
            rest = others
        }
        if line.value.isEmpty { write(line, .empty) }
    }

    @inline(never) private mutating func writeTypes(_ line: ImportLine) {
        var rest = line.value
        while !rest.isEmpty {
            let (word, others) = rest.firstWord
            var levels = LogLevels.none
            if levels.add(word) {
                write(line, word)
            } else {
                sheet.line(line.key, word, origin: line.number, leftOut: ByteView("nothing of that kind is logged"))
            }
            rest = others
        }
        if line.value.isEmpty { write(line, .empty) }
    }

    @inline(never) private mutating func writeChoice(_ option: Option, _ line: ImportLine, _ word: ByteView) {
        if option == .startType, word.equals("once") { return leaveOut(line, "it is tried again and again") }
        if option == .bridgeProtocolVersion, !word.equals("mqttv311") { return leaveOut(line, "it speaks MQTT 3.1.1") }
        write(line, word)
    }
}
