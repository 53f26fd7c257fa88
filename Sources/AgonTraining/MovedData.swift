import AgonDatasets
import AgonExperiments
import AgonRuns
import AgonTensors

extension RunFolder {
    /// Runs `body`, which opens the data of this run. If they are gone, the error says how to name their present place.
    ///
    /// Throws `TrainingError.dataGone`.
    package func locatingData<Result>(of experiment: Experiment, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatasetError {
            let place: String
            switch error {
            case .unreadable(let path, _), .badEmbeddings(let path, _), .noDomain(let path): place = path
            default: throw error
            }
            // A trial that never began has a config already; a classifier has data of its own.
            guard record != nil, !holdsExport, !FileSystem.exists(place),
                let key = experiment.datasets.compactMap({ $0.key(naming: place) }).first
            else { throw error }
            throw TrainingError.dataGone(folder: path, reason: "\(error)", key: "dataset.\(key)")
        }
    }

    /// Writes the record and the config of a run whose data may have moved.
    ///
    /// Checkpoints state the digest of the first config, and the record the digests of the data. So until both files
    /// are written, the record fits the config before the move and the one after it.
    ///
    /// - Parameters:
    ///   - config: the experiment with the present paths.
    ///   - identity: of the run as its files have been until now.
    ///   - formerData: the data as recorded until now.
    ///
    /// Throws `TensorsError.cannotWrite`.
    func write(
        _ record: RunRecord, config: Experiment, identity: RunIdentity, formerData: [RecordedData]
    ) throws {
        if let move = identity.passingMove(to: config) {
            var passing = record
            passing.moved = move
            passing.data = formerData + record.data.filter { !formerData.contains($0) }
            try write(passing)
        }
        try AtomicFile.write(path: configPath, text: config.resolved.prettyText)
        try write(record)
    }
}
