import AgonConfiguration
import AgonDatasets

/// A dataset that a run has used, identified by the contents of its files.
public struct RecordedData: Record, Equatable, Sendable {
    /// The name and the split, as configs call them.
    public private(set) var name = ""
    public private(set) var split = ""
    /// Twelve digits of the digest of the values that the samples depend on.
    package private(set) var digest = ""
    /// The finished steps at which the run began to use these contents.
    public private(set) var since = 0
    public private(set) var fingerprint = DatasetFingerprint(files: 0, bytes: 0, sha256: "")

    package init() {}

    /// - Parameter step: the finished steps.
    ///
    /// Throws `ConfigError` for numbers that no config can state.
    package init(_ dataset: DatasetConfiguration, fingerprint: DatasetFingerprint, since step: Int) throws {
        name = dataset.name
        split = dataset.split.rawValue
        digest = String(try dataset.digest().prefix(12))
        since = step
        self.fingerprint = fingerprint
    }

    package static var fields: [RecordField<RecordedData>] {
        [
            .value("name", \.name, isRequired: true), .value("split", \.split, isRequired: true),
            .value("digest", \.digest, isRequired: true), .value("since", \.since),
            .value("contents", \.fingerprint, isRequired: true),
        ]
    }
}

extension DatasetFingerprint: RecordValue {
    package init?(node: ConfigNode) { self.init(node) }
}

extension [RecordedData] {
    /// What is not as it was when a run used it last: `dataset 'folder' (train): 12 files before, 14 now`. Data that were not
    /// used before count as unchanged.
    package func changes(to present: [RecordedData]) -> [String] {
        present.compactMap { data in
            last { $0.digest == data.digest }
                .flatMap { data.fingerprint.change(from: $0.fingerprint) }
                .map { "dataset '\(data.name)' (\(data.split)): \($0)" }
        }
    }

    /// Appends what is new: data that were not used before, and contents that replaced others.
    package mutating func take(_ present: [RecordedData]) {
        for data in present where last(where: { $0.digest == data.digest })?.fingerprint != data.fingerprint {
            append(data)
        }
    }
}
