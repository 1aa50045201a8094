// swift-tools-version: 6.2
import PackageDescription

// Layers, lowest first: Base < Config, Wire < Engine < Broker | Bridge | Client < Runtime < Bench | Linux | Sim <
// swiftlet. No arrow points back, and only Linux reaches C. Tests/TidyTests reads the imports and fails when one does.
// `toolchains/build` compiles the same folders, in the same order, for the routers.

/// Pools that refuse a take when a test says so. Neither the routers' builds nor release ones have them.
let refusals: [SwiftSetting] = [.define("REFUSALS", .when(configuration: .debug))]

let package = Package(
    name: "swiftlet",
    products: [
        .executable(name: "swiftlet", targets: ["swiftlet"]),
        .executable(name: "swiftlet-sim", targets: ["swiftlet-sim"]),
        .library(name: "MQTTClient", targets: ["MQTTClient"]),
    ],
    targets: [
        .target(name: "CPlatform", linkerSettings: [.linkedLibrary("bearssl")]),
        .target(name: "Base", swiftSettings: refusals + [.enableExperimentalFeature("RawLayout")]),
        .target(name: "Wire", dependencies: ["Base"]),
        .target(name: "Engine", dependencies: ["Base", "Wire"]),
        .target(name: "Broker", dependencies: ["Base", "Wire", "Engine", "Config"]),
        .target(name: "Bridge", dependencies: ["Base", "Wire", "Engine", "Config"]),
        .target(name: "Client", dependencies: ["Base", "Wire", "Engine", "Config"]),
        .target(name: "Config", dependencies: ["Base"]),
        .target(name: "Runtime", dependencies: ["Base", "Wire", "Engine", "Broker", "Bridge", "Client", "Config"]),
        .target(name: "Bench", dependencies: ["Base", "Wire", "Runtime"]),
        .target(name: "Linux", dependencies: ["Base", "Broker", "Runtime", "CPlatform"]),
        .target(name: "Sim", dependencies: ["Base", "Wire", "Engine", "Broker", "Config", "Runtime"]),
        .executableTarget(
            name: "swiftlet",
            dependencies: [
                "Base", "Wire", "Engine", "Broker", "Bridge", "Client", "Config", "Runtime", "Bench", "Linux",
            ]),
        .target(name: "MQTTClient", dependencies: ["Base", "Wire", "Runtime", "Linux"]),
        .executableTarget(name: "mqttclient-example", dependencies: ["MQTTClient"]),
        .executableTarget(
            name: "swiftlet-sim",
            dependencies: ["Base", "Wire", "Broker", "Config", "Runtime", "Linux", "Sim", "Oracle"]),
        .target(
            name: "Oracle", dependencies: ["Base", "Wire", "Broker", "Config", "Runtime", "Sim"], path: "Tests/Oracle"),
        .target(name: "TestSupport", dependencies: ["Base"], path: "Tests/TestSupport"),
        .target(
            name: "TestWorld", dependencies: ["Base", "Config", "Runtime", "Sim", "TestSupport"],
            path: "Tests/TestWorld", swiftSettings: refusals),
        .testTarget(name: "BaseTests", dependencies: ["Base", "TestSupport"]),
        .testTarget(name: "WireTests", dependencies: ["Base", "Wire", "TestSupport"]),
        .testTarget(name: "EngineTests", dependencies: ["Base", "Wire", "Engine", "TestSupport"]),
        .testTarget(name: "BrokerTests", dependencies: ["Base", "Wire", "Engine", "Broker", "Config", "TestSupport"]),
        .testTarget(name: "BridgeTests", dependencies: ["Base", "Wire", "Bridge", "Config", "TestSupport"]),
        .testTarget(name: "ClientTests", dependencies: ["Base", "Wire", "Engine", "Client", "Config", "TestSupport"]),
        .testTarget(name: "ConfigTests", dependencies: ["Base", "Config", "TestSupport"]),
        .testTarget(
            name: "RuntimeTests",
            dependencies: ["Base", "Wire", "Engine", "Broker", "Config", "Runtime", "Sim", "TestSupport", "TestWorld"]),
        .testTarget(name: "BenchTests", dependencies: ["Base", "Wire", "Runtime", "Bench", "TestSupport"]),
        .testTarget(name: "LinuxTests", dependencies: ["Base", "Linux", "Runtime", "TestSupport"]),
        .testTarget(name: "SimulationTests", dependencies: ["Base", "Wire", "Sim", "Oracle"]),
        .testTarget(
            name: "SweepTests",
            dependencies: ["Base", "Wire", "Broker", "Config", "Runtime", "Sim", "TestSupport", "TestWorld"],
            swiftSettings: refusals),
        .testTarget(
            name: "MQTTClientTests", dependencies: ["Base", "Config", "Broker", "Runtime", "Linux", "MQTTClient"]),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)
