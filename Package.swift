// swift-tools-version: 6.0
import PackageDescription

// One target a floor; each imports only floors below it (ARCHITECTURE.md draws the house).
let package = Package(
    name: "agon",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "agon", targets: ["agon"]),
        .library(
            name: "Agon",
            targets: [
                "Tensors", "Graph", "Configuration", "Layers", "Optimizers", "Datasets", "Adversarial", "Evaluation",
                "Experiments",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Floor 0: C kernels over OpenBLAS and LAPACKE (opened at run time), and the image codecs.
        .target(
            name: "CKernels",
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux])), .linkedLibrary("m")]),
        .target(
            name: "CImageCodecs",
            linkerSettings: [
                .linkedLibrary("png"), .linkedLibrary("turbojpeg"), .linkedLibrary("z"), .linkedLibrary("archive"),
            ]),
        // Floor 1
        .target(name: "Tensors", dependencies: ["CKernels"]),
        .target(name: "Configuration"),
        // Floor 2
        .target(name: "Graph", dependencies: ["Tensors", "CKernels"]),
        // Floor 3
        .target(name: "Layers", dependencies: ["Graph", "Tensors", "Configuration"]),
        .target(name: "Optimizers", dependencies: ["Graph", "Tensors", "Configuration", "CKernels"]),
        .target(name: "Datasets", dependencies: ["Tensors", "Configuration", "CImageCodecs"]),
        // Floor 4
        .target(name: "Adversarial", dependencies: ["Graph", "Layers", "Optimizers", "Tensors", "Configuration"]),
        .target(name: "Evaluation", dependencies: ["Tensors", "CKernels"]),
        // Floor 5
        .target(
            name: "Experiments",
            dependencies: [
                "Adversarial", "Evaluation", "Datasets", "Layers", "Optimizers", "Graph", "Tensors", "Configuration",
                "CImageCodecs", .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // Floor 6
        .target(
            name: "Reports",
            dependencies: ["Experiments", "Datasets", "Graph", "Tensors", "Configuration"]),
        // Floor 7
        .executableTarget(
            name: "agon",
            dependencies: [
                "Reports", "Experiments", "Adversarial", "Evaluation", "Datasets", "Layers", "Optimizers", "Graph",
                "Tensors", "Configuration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // A program that uses Agon as a library.
        .executableTarget(
            name: "own-images",
            dependencies: ["Experiments", "Adversarial", "Datasets", "Layers", "Optimizers", "Graph", "Tensors"],
            path: "Examples/OwnImages"),

        .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "Tensors"]),
        .testTarget(name: "GraphTests", dependencies: ["Graph", "Tensors", "CKernels"]),
        .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"]),
        .testTarget(name: "LayersTests", dependencies: ["Layers", "Graph", "Tensors", "Configuration"]),
        .testTarget(name: "OptimizersTests", dependencies: ["Optimizers", "Graph", "Tensors", "Configuration"]),
        .testTarget(
            name: "AdversarialTests",
            dependencies: ["Adversarial", "Layers", "Optimizers", "Graph", "Tensors", "Configuration"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels"]),
        .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "Tensors", "Configuration", "CImageCodecs"]),
        .testTarget(name: "EvaluationTests", dependencies: ["Evaluation", "Tensors"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: ["Experiments", "Adversarial", "Datasets", "Layers", "Graph", "Tensors", "Configuration"]),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports", "Experiments", "Datasets", "Tensors", "Configuration"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "AgonCommandTests", dependencies: ["agon"]),
    ]
)
