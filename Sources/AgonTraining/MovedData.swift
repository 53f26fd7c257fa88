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
            // A trial that never began has a config already.
            guard record != nil, !FileSystem.exists(place) else { throw error }
            let isEmbeddings = experiment.datasets.contains { $0.embeddings == place }
            throw TrainingError.dataGone(
                folder: path, reason: "\(error)", key: isEmbeddings ? "dataset.embeddings" : "dataset.path")
        }
    }

    /// Writes the record and the config of a run whose data may have moved.
    ///
    /// Checkpoints state the digest of the first config, so after a kill at any moment the record must say how the
    /// config on disk follows from it.
    ///
    /// - Parameter formerData: the data as recorded before.
    ///
    /// Throws `TensorsError.cannotWrite`.
    func write(_ record: RunRecord, config: Experiment, formerData: [RecordedData]) throws {
        if record.moved != nil {
            var first = record
            first.data = formerData
            try write(first)
        }
        try AtomicFile.write(path: configPath, text: config.resolved.prettyText)
        try write(record)
    }
}
