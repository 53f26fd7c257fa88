// swift-tools-version: 6.0
import PackageDescription

/// Modules from the bottom up: each imports only modules listed above it (ARCHITECTURE.md draws the layers).
let modules: [Target] = [
    // C: kernels over OpenBLAS and LAPACKE (opened at run time), and the image codecs.
    .target(
        name: "CAgonKernels",
        linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux])), .linkedLibrary("m")]),
    .target(
        name: "CAgonImageCodecs",
        linkerSettings: [
            .linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("webp"), .linkedLibrary("webpdemux"),
            .linkedLibrary("tiff"), .linkedLibrary("gif"), .linkedLibrary("z"), .linkedLibrary("archive"),
        ]),
    // OpenSSL's hashes, compiled by the distribution; on Apple's systems CryptoKit has them.
    .systemLibrary(name: "CAgonCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(
        name: "AgonConfiguration", dependencies: [.target(name: "CAgonCrypto", condition: .when(platforms: [.linux]))]),
    .target(name: "AgonTensors", dependencies: ["AgonConfiguration", "CAgonKernels"]),
    .target(name: "AgonText", dependencies: ["AgonConfiguration"]),
    // Inference on samples of runs.
    .target(name: "AgonStatistics"),
    .target(name: "AgonGraph", dependencies: ["AgonTensors", "AgonConfiguration", "CAgonKernels"]),
    .target(name: "AgonLayers", dependencies: ["AgonGraph", "AgonTensors", "AgonConfiguration"]),
    .target(
        name: "AgonOptimizers", dependencies: ["AgonGraph", "AgonConfiguration", "CAgonKernels"]),
    .target(name: "AgonDatasets", dependencies: ["AgonTensors", "AgonText", "AgonConfiguration", "CAgonImageCodecs"]),
    .target(name: "AgonMetrics", dependencies: ["AgonTensors"]),
    .target(
        name: "AgonAdversarial",
        dependencies: ["AgonGraph", "AgonLayers", "AgonOptimizers", "AgonTensors", "AgonConfiguration"]),
    .target(
        name: "AgonExperiments",
        dependencies: [
            "AgonAdversarial", "AgonDatasets", "AgonLayers", "AgonGraph", "AgonTensors", "AgonText",
            "AgonConfiguration",
        ]),
    .target(
        name: "AgonRuns",
        dependencies: [
            "AgonExperiments", "AgonDatasets", "AgonGraph", "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    .target(
        name: "AgonSampling",
        dependencies: [
            "AgonRuns", "AgonExperiments", "AgonAdversarial", "AgonDatasets", "AgonLayers", "AgonGraph",
            "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    .target(
        name: "AgonTraining",
        dependencies: [
            "AgonSampling", "AgonRuns", "AgonExperiments", "AgonAdversarial", "AgonDatasets", "AgonLayers",
            "AgonGraph", "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    .target(
        name: "AgonDiagnostics",
        dependencies: [
            "AgonTraining", "AgonSampling", "AgonRuns", "AgonExperiments", "AgonAdversarial", "AgonDatasets",
            "AgonLayers", "AgonGraph", "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    .target(
        name: "AgonScoring",
        dependencies: [
            "AgonDiagnostics", "AgonTraining", "AgonSampling", "AgonRuns", "AgonExperiments", "AgonAdversarial",
            "AgonMetrics", "AgonDatasets", "AgonOptimizers", "AgonLayers", "AgonGraph", "AgonTensors", "AgonText",
            "AgonConfiguration",
        ]),
    // Alone in using SwiftProtobuf.
    .target(
        name: "AgonExport",
        dependencies: [
            "AgonScoring", "AgonTraining", "AgonSampling", "AgonRuns", "AgonExperiments", "AgonAdversarial",
            "AgonDatasets", "AgonLayers", "AgonGraph", "AgonTensors",
            .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        ], exclude: ["Messages/onnx.proto"]),
    // What a program that trains needs, under one name.
    .target(
        name: "Agon",
        dependencies: [
            "AgonScoring", "AgonDiagnostics", "AgonTraining", "AgonSampling", "AgonRuns", "AgonExperiments",
            "AgonAdversarial", "AgonMetrics", "AgonDatasets", "AgonOptimizers", "AgonLayers", "AgonGraph",
            "AgonTensors", "AgonConfiguration",
        ]),
    // Sweeps and their folders as they are, which tables and reports read.
    .target(
        name: "AgonSweeps",
        dependencies: ["AgonRuns", "AgonExperiments", "AgonTensors", "AgonText", "AgonConfiguration"]),
    // The plan and the processes of a sweep's trials.
    .target(
        name: "AgonTrials",
        dependencies: [
            "AgonSweeps", "AgonScoring", "AgonDiagnostics", "AgonTraining", "AgonRuns", "AgonExperiments",
            "AgonDatasets", "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    // SQLite, compiled by the distribution.
    .systemLibrary(
        name: "CAgonSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    // Alone in using SQLite.
    .target(
        name: "AgonRunIndex",
        dependencies: [
            "AgonSweeps", "AgonRuns", "AgonExperiments", "AgonTensors", "AgonText", "AgonConfiguration", "CAgonSQLite",
        ]),
    .target(
        name: "AgonReports",
        dependencies: [
            "AgonStatistics", "AgonSweeps", "AgonDiagnostics", "AgonRuns",
            "AgonExperiments", "AgonDatasets", "AgonTensors", "AgonText", "AgonConfiguration",
        ]),
    // Recorded reference cases, for `agon verify` and the tests.
    .target(
        name: "AgonVerification",
        dependencies: [
            "AgonAdversarial", "AgonMetrics", "AgonOptimizers", "AgonLayers", "AgonGraph", "AgonTensors", "AgonText",
            "AgonConfiguration",
        ]),
    .executableTarget(
        name: "AgonCommand",
        dependencies: [
            "AgonReports", "AgonRunIndex", "AgonTrials", "AgonSweeps", "AgonVerification", "AgonExport", "AgonScoring",
            "AgonDiagnostics", "AgonTraining", "AgonSampling", "AgonRuns", "AgonExperiments",
            "AgonMetrics",
            "AgonDatasets", "AgonLayers", "AgonGraph", "AgonTensors", "AgonText", "AgonConfiguration",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    // A program that uses Agon as a library.
    .executableTarget(name: "own-images", dependencies: ["Agon"], path: "Examples/OwnImages"),
]

/// Files and folders that tests read and write.
let testFiles = Target.target(
    name: "AgonTestFiles", dependencies: ["AgonTensors", "AgonConfiguration"], path: "Tests/AgonTestFiles")

/// The program of `scripts/fuzz`, which alone asks for it: it links to libFuzzer.
let fuzzing: [Target] =
    Context.environment["AGON_FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "agon-fuzz",
            dependencies: [
                "AgonRunIndex", "AgonSampling", "AgonRuns", "AgonDatasets", "AgonTensors", "AgonConfiguration",
                "CAgonImageCodecs",
            ], path: "Tests/Fuzzing", exclude: ["Seeds"])
    ]

/// Data that several test targets train on.
let testSupport = Target.target(
    name: "AgonTestSupport",
    dependencies: [
        "AgonTestFiles", "AgonScoring", "AgonTraining", "AgonRuns", "AgonExperiments", "AgonDatasets", "AgonTensors",
        "AgonConfiguration",
    ],
    path: "Tests/AgonTestSupport")

/// The tests of a module, which may use all that the module uses.
@MainActor func tests(of name: String, also others: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    guard let module = modules.first(where: { $0.name == name }) else { fatalError("no module \(name)") }
    return .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name), "AgonTestFiles"] + module.dependencies + others,
        resources: resources)
}

let package = Package(
    name: "agon",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "agon", targets: ["AgonCommand"]),
        .library(name: "Agon", targets: ["Agon", "AgonSweeps", "AgonTrials", "AgonReports"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        // The command `swift package generate-documentation`.
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: modules + fuzzing + [
        testFiles,
        testSupport,
        tests(of: "CAgonKernels", also: ["AgonTensors"]),
        tests(of: "AgonTensors"),
        tests(of: "AgonConfiguration"),
        tests(of: "AgonStatistics"),
        tests(of: "AgonText"),
        tests(of: "AgonGraph"),
        tests(of: "AgonLayers"),
        tests(of: "AgonOptimizers"),
        tests(of: "AgonDatasets", also: ["AgonTestSupport"]),
        tests(of: "AgonMetrics"),
        tests(of: "AgonAdversarial"),
        tests(of: "AgonExperiments", also: ["AgonTestSupport", "AgonScoring", "AgonTraining"]),
        tests(of: "AgonRuns", also: ["AgonTestSupport"]),
        tests(of: "AgonSampling", also: ["AgonTestSupport", "AgonScoring", "AgonTraining"]),
        tests(of: "AgonTraining", also: ["AgonTestSupport", "AgonScoring", "AgonSweeps", "AgonOptimizers"]),
        tests(of: "AgonDiagnostics", also: ["AgonTestSupport"]),
        tests(of: "AgonScoring", also: ["AgonTestSupport"]),
        tests(of: "AgonExport", also: ["AgonTestSupport", "AgonConfiguration"]),
        tests(of: "AgonSweeps", also: ["AgonTestSupport"]),
        tests(of: "AgonTrials", also: ["AgonTestSupport"]),
        tests(of: "AgonRunIndex", also: ["AgonTestSupport", "AgonTraining"]),
        tests(of: "AgonReports", also: ["AgonTestSupport"], resources: [.copy("Fixtures")]),
        tests(of: "AgonVerification", also: ["AgonTestSupport"]),
        tests(of: "AgonCommand", also: ["AgonTestSupport"]),
    ]
)
