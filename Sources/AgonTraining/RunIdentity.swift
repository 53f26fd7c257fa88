import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonRuns

/// What the files of an existing run state about its config and its data, which may have moved since.
struct RunIdentity {
    /// The digest of the config with which the run started: its checkpoints state this one. Paths of data count in it.
    let config: String
    /// The digest of the config in the run's folder; nil for a new run.
    private let former: String?
    /// The present digests of datasets whose path changed, by the recorded digests.
    private let movedData: [String: String]

    /// The identity of a new run.
    init(_ experiment: Experiment) {
        config = experiment.digest
        former = nil
        movedData = [:]
    }

    /// - Parameters:
    ///   - former: the experiment of the run's config.
    ///   - experiment: the present one, which differs from it at most in paths of data.
    ///
    /// Throws `ConfigError` for numbers that a config cannot represent.
    init(of former: Experiment, record: RunRecord?, now experiment: Experiment) throws {
        let digest = former.digest
        config = record?.moved.flatMap { $0.explains(digest) ? $0.start : nil } ?? digest
        self.former = digest
        let pairs = try zip(former.parts, experiment.parts).flatMap { former, present in
            try former.datasets.map { dataset in
                let moved = dataset.placed(as: present.configuration.dataset)
                return (try RecordedData.digest(of: dataset), try RecordedData.digest(of: moved))
            }
        }
        movedData = Dictionary(pairs.filter { $0.0 != $0.1 }) { $1 }
    }

    /// What a run's record states about data that have moved since the run started; nil if none have.
    func move(of experiment: Experiment) -> RecordedMove? {
        let present = experiment.digest
        return present == config ? nil : RecordedMove(start: config, present: present, former: nil)
    }

    /// The same while the config in the run's folder is being replaced; nil if its paths stay.
    func passingMove(to experiment: Experiment) -> RecordedMove? {
        let present = experiment.digest
        guard let former, former != present else { return nil }
        return RecordedMove(start: config, present: present, former: former)
    }

    /// Recorded data, with the digests of their present places.
    func located(_ data: [RecordedData]) -> [RecordedData] { data.replacingDigests(movedData) }

    /// Whether some of the data moved, and none of them are known by their contents.
    func isUnknown(_ data: [RecordedData], to known: [RecordedData]) -> Bool {
        guard !movedData.isEmpty else { return false }
        let digests = Set(located(known).map(\.digest))
        return !data.contains { digests.contains($0.digest) }
    }
}

extension ConfigDifference {
    /// Whether it is the place of data: their contents, which runs record, say whether they are the same.
    var isPlaceOfData: Bool {
        guard let key = path.steps.last, path.steps.dropLast().last == .key("dataset") else { return false }
        // A path that is added or removed is another setting, not another place.
        return (key == .key("path") || key == .key("embeddings")) && first?.string != nil && second?.string != nil
    }
}
