import AgonConfiguration
import AgonDatasets

/// A dataset that a run used, identified by the contents of its files.
public struct RecordedData: Record, Equatable, Sendable {
    /// The dataset's name in configs.
    public private(set) var name = ""
    public private(set) var split = ""
    /// The first twelve digits of the digest of all settings that the samples depend on.
    package private(set) var digest = ""
    /// The number of finished steps when the run first used these contents.
    public private(set) var since = 0
    public private(set) var fingerprint = DatasetFingerprint(files: 0, bytes: 0, sha256: "")

    package init() {}

    /// - Parameter step: the number of finished steps.
    ///
    /// Throws `ConfigError` for numbers that a config cannot represent.
    package init(_ dataset: DatasetConfiguration, fingerprint: DatasetFingerprint, since step: Int) throws {
        name = dataset.name
        split = dataset.split.rawValue
        digest = try Self.digest(of: dataset)
        since = step
        self.fingerprint = fingerprint
    }

    /// The first twelve digits of the digest of a dataset's settings.
    ///
    /// Throws `ConfigError` for numbers that a config cannot represent.
    package static func digest(of dataset: DatasetConfiguration) throws -> String {
        String(try dataset.digest().prefix(12))
    }

    /// The same data at another place, as the digest of the settings that name it says.
    func located(at digest: String) -> RecordedData {
        var data = self
        data.digest = digest
        return data
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
    /// What has changed since a run last used the data: `dataset 'folder' (train): 12 files before, 14 now`. Data that
    /// the run has not used before count as unchanged.
    package func changes(to present: [RecordedData]) -> [String] {
        present.compactMap { data in
            last { $0.digest == data.digest }
                .flatMap { data.fingerprint.change(from: $0.fingerprint) }
                .map { "dataset '\(data.name)' (\(data.split)): \($0)" }
        }
    }

    /// The data with other digests of their settings, each given by the present one; equal ones, which a kill during a
    /// move leaves, once.
    package func replacingDigests(_ digests: [String: String]) -> [RecordedData] {
        map { data in digests[data.digest].map(data.located(at:)) ?? data }
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Appends datasets that are new or whose contents have changed.
    package mutating func take(_ present: [RecordedData]) {
        for data in present where last(where: { $0.digest == data.digest })?.fingerprint != data.fingerprint {
            append(data)
        }
    }
}

/// The data of a run are in another place than when it started, so its config names other paths.
public struct RecordedMove: Record, Equatable, Sendable {
    /// The digest of the config with which the run started. Its checkpoints state this one.
    package private(set) var start = ""
    /// The digest of the config with the present paths.
    package private(set) var present = ""
    /// The digest of the config before the last move, which a kill during that move leaves in the folder.
    private var former: String?

    package init() {}

    package init(start: String, present: String, former: String?) {
        (self.start, self.present, self.former) = (start, present, former)
    }

    /// Whether the config in the run's folder may have this digest.
    package func explains(_ digest: String) -> Bool { digest == present || digest == former }

    package static var fields: [RecordField<RecordedMove>] {
        [
            .value("start", \.start, isRequired: true), .value("present", \.present, isRequired: true),
            .optional("former", \.former),
        ]
    }
}
