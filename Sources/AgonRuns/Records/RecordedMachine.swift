import AgonTensors
import Foundation

/// The versions of the software that computed a run.
public struct RecordedVersions: Record, Hashable, Sendable {
    public private(set) var agon: String?
    public private(set) var swift: String?
    public private(set) var blas: String?
    /// The version of the operating system.
    public private(set) var system: String?

    package init() {}

    package static var fields: [RecordField<RecordedVersions>] {
        [
            .optional("agon", \.agon), .optional("swift", \.swift), .optional("blas", \.blas),
            .optional("system", \.system),
        ]
    }

    static var current: RecordedVersions {
        var versions = RecordedVersions()
        versions.agon = AgonVersion.current
        versions.swift = AgonVersion.swift
        versions.blas = BLAS.description.version
        versions.system = ProcessInfo.processInfo.operatingSystemVersionString
        return versions
    }
}

/// The BLAS that computed a run.
public struct RecordedBLAS: Record, Sendable {
    public private(set) var library: String?
    public private(set) var coreType: String?
    public private(set) var threading: String?
    public private(set) var configuration: String?

    package init() {}

    package static var fields: [RecordField<RecordedBLAS>] {
        [
            .optional("library", \.library), .optional("coreType", \.coreType), .optional("threading", \.threading),
            .optional("configuration", \.configuration),
        ]
    }

    static var current: RecordedBLAS {
        let description = BLAS.description
        var blas = RecordedBLAS()
        blas.library = description.library
        blas.coreType = description.coreType
        blas.threading = description.threading
        blas.configuration = description.configuration
        return blas
    }
}

/// The processor that computed a run.
public struct RecordedProcessor: Record, Sendable {
    public private(set) var brand: String?
    public private(set) var vendor: String?
    public private(set) var family: Int?
    public private(set) var model: Int?
    public private(set) var features: [String]?
    public private(set) var usableCores: Int?

    package init() {}

    package static var fields: [RecordField<RecordedProcessor>] {
        [
            .optional("brand", \.brand), .optional("vendor", \.vendor), .optional("family", \.family),
            .optional("model", \.model), .optional("features", \.features), .optional("usableCores", \.usableCores),
        ]
    }

    static var current: RecordedProcessor {
        let current = Processor.current
        var processor = RecordedProcessor()
        processor.brand = current.brand
        processor.vendor = current.vendor
        processor.family = current.family
        processor.model = current.model
        processor.features = current.featureNames
        processor.usableCores = current.usableCores
        return processor
    }
}
