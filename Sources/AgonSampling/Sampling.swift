import AgonAdversarial
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonRuns
import AgonTensors

/// Generates samples from a trained run.
public struct Sampling {
    /// The latent vectors to sample.
    public enum Choice: Sendable {
        /// The first `count` of the seed.
        case first(Int)
        /// Those of the seed with these numbers, from 1.
        case picked([Int])
        /// The given count; each row interpolates between two vectors of the seed along a great circle.
        case rows(Int)
        /// The given count on the great circle from one expression's vector to another's.
        case path(from: String, to: String, count: Int)
        /// One for each `LatentExpression`.
        case expressions([String])
    }

    /// The generated samples, and the checkpoint used.
    public struct Outcome: Sendable {
        public let path: String
        public let step: Int
        public let count: Int
        /// The samples beyond the requested number: they fill the last row of a grid with a column per class.
        public var added = 0
        /// The whole factor by which a grid enlarges each sample.
        public var scale = 1
    }

    /// The latents named by the user.
    public let saved: SavedLatents
    private let folder: RunFolder
    private let latent: LatentConfiguration
    private let dataset: DatasetConfiguration
    /// Whether all stages of the training read the same data.
    private let hasOneDataset: Bool
    /// The number of classes that samples are conditioned on; nil where they are not.
    private let classes: Int?
    /// With the weights that are wanted.
    private let generator: Network
    /// The modes of points, drawn beneath them.
    private let modes: SampleGrid.Modes?
    package let step: Int

    /// Reads the newest checkpoint of a run, or that of a step.
    ///
    /// - Parameters:
    ///   - weights: of the generator; default: averages, if the run keeps any.
    ///   - batches: the number of batches of samples from which batch norms take their statistics
    ///     (`StandingStatistics`); nil: the running statistics of training.
    ///   - threads: the threads that compute these statistics.
    ///   - note: called with messages about skipped checkpoints.
    ///
    /// Throws `SamplingError.cannotSample`, `.noStandingStatistics`, `RunError`, `ConfigError`, `TensorsError`.
    public init(
        run path: String, checkpoint step: Int? = nil, weights: EvaluationSettings.Weights? = nil,
        standingStatistics batches: Int? = nil, threads: Int = 1, note: (String) -> Void = { _ in }
    ) throws {
        folder = RunFolder(path: path)
        let trained = try TrainedGenerator(run: path, checkpoint: step, weights: weights, note: note)
        (generator, self.step) = (trained.network, trained.step)
        let (configuration, training) = (
            trained.experiment.configuration, trained.experiment.configuration.training
        )
        switch (training.task as? GenerationTask)?.condition {
        case .labels(let count): classes = count
        case .embedding:
            throw SamplingError.cannotSample(folder: path, reason: "its samples need embeddings of the dataset")
        case nil: classes = nil
        }
        if let batches {
            try BLAS.open()
            try StandingStatistics(
                of: generator, training: training, batches: batches, dataset: nil, pool: WorkerPool(threads: threads)
            ).accumulate()
        }
        latent = training.latent
        dataset = configuration.dataset
        hasOneDataset = Set(trained.whole.allStages.map { $0.experiment.resolved["dataset"]?.canonicalText }).count == 1
        saved = SavedLatents(run: folder, size: latent.size)
        // Point datasets are generated, not read; if that fails, the image omits the modes.
        modes =
            generator.outputShape.rank == 3
            ? nil : (try? configuration.dataset.open(searchPath: .standard()))?.mixture
    }

    /// Whether samples are images, not points.
    package var drawsImages: Bool { generator.outputShape.rank == 3 }

    package static func checkpoint(of folder: RunFolder, step: Int?, note: (String) -> Void) throws -> Checkpoint {
        guard let step else {
            guard let newest = try folder.newestCheckpoint(note: note) else {
                throw RunError.noCheckpoint(folder: folder.path)
            }
            return newest
        }
        let existing = try folder.checkpointSteps
        guard existing.contains(step) else {
            throw RunError.noCheckpointAtStep(folder: folder.path, step: step, existing: existing)
        }
        return try Checkpoint(path: folder.checkpointPath(step: step))
    }

    /// The number of the class that a user gives by its name in the dataset or by its number. Names of classes may be
    /// numbers, as those of digits are; a name counts first. The run's record has the names; those of older runs need
    /// the data, without which only the number is known, as a note says.
    ///
    /// Throws `SamplingError.badLabel` if samples have no classes, `.unknownLabel`, `DatasetError` if a name is given
    /// and the data are not found.
    public func label(_ text: String, searchPath: DataSearchPath, note: (String) -> Void = { _ in }) throws -> Int {
        guard classes != nil else { throw SamplingError.badLabel(text, folder: folder.path, classes: nil) }
        let number = Int(text)
        let names: [String]
        do {
            let recorded = hasOneDataset ? folder.record?.classes : nil
            names = try recorded ?? dataset.open(searchPath: searchPath).classNames
        } catch {
            guard let number else { throw error }
            note("the dataset's class names are unknown: \(number) is the class of this number, from 0; \(error)")
            return number
        }
        do {
            return try ClassReference.name(text).index(in: names, origin: "--label")
        } catch DatasetError.unknownClass(_, let nearest, _, _) {
            guard let number else { throw SamplingError.unknownLabel(text, nearest: nearest, classes: names) }
            return number
        }
    }

    /// Writes samples as an image, as an array, or as numbered images, as the path says (`SampleOutput`).
    ///
    /// - Parameters:
    ///   - seed: seed of the latent vectors; each sample depends only on it and on the sample's number.
    ///   - columns: samples per row of an image; nil: for `first`, one column per class (up to 32) and as many more
    ///     samples as fill the last row; for rows, 8; for a path of up to 10, one row; else as square as possible.
    ///   - scale: the whole factor by which an image enlarges each sample; nil: to about 64 pixels.
    ///   - isNumbered: whether an image shows each sample's number; only for `first` and `picked`.
    ///   - label: the class of all samples, from 0, if samples are conditioned on one. Nil cycles samples of the
    ///     seed through the classes, and rows likewise.
    ///   - truncation: the bound at which the latents' normal distribution is truncated; nil: none.
    ///
    /// Throws `SamplingError`, `TensorsError` for expressions, saved latents and files that cannot be written.
    public func write(
        _ choice: Choice, seed: UInt64, columns: Int? = nil, scale: Int? = nil, isNumbered: Bool = false,
        label: Int? = nil, truncation: Double? = nil, threads: Int, to path: String
    ) throws -> Outcome {
        let output = try SampleOutput(path: path)
        var (shown, added) = (choice, 0)
        if case .image = output {
            if case .first(let count) = choice, columns == nil {
                added = wholeRows(count, label: label) - count
                shown = .first(count + added)
            }
        } else {
            try Self.checkNoGrid(choice, columns: columns, scale: scale, isNumbered: isNumbered, path: path)
        }
        var isImage = false
        if case .image = output { isImage = true }
        let drawn = try draw(
            shown, seed: seed, columns: columns, scale: scale, isNumbered: isNumbered, isOneImage: isImage,
            label: label, truncation: truncation, threads: threads)
        var outcome = Outcome(path: path, step: step, count: drawn.samples.shape[0], added: added)
        if isImage { outcome.scale = drawn.grid.scale(of: drawn.samples) }
        try output.write(drawn.samples) { drawn.grid.image(of: $0) }
        return outcome
    }

    /// Refuses the options of grids for other outputs. The columns of interpolations say how many samples each has.
    ///
    /// Throws `SamplingError.notGrid`.
    private static func checkNoGrid(
        _ choice: Choice, columns: Int?, scale: Int?, isNumbered: Bool, path: String
    ) throws {
        var hasColumns = columns != nil
        if case .rows = choice { hasColumns = false }
        for (option, isGiven) in [("--scale", scale != nil), ("--columns", hasColumns), ("--numbered", isNumbered)]
        where isGiven {
            throw SamplingError.notGrid(path: path, option: option)
        }
    }

    /// Samples `[N, H, W, C]` in [-1, 1], or points `[N, D]`, with the grid that shows them.
    ///
    /// - Parameter isOneImage: whether one image is to hold the grid.
    ///
    /// Throws `SamplingError`, `TensorsError` for expressions and saved latents.
    package func draw(
        _ choice: Choice, seed: UInt64, columns: Int? = nil, scale: Int? = nil, isNumbered: Bool = false,
        isOneImage: Bool = false, label: Int? = nil, truncation: Double? = nil, threads: Int
    ) throws -> (samples: Tensor, grid: SampleGrid) {
        if truncation != nil, latent.distribution != .normal {
            throw SamplingError.badTruncation(distribution: latent.distribution.rawValue)
        }
        if let label, !(0..<(classes ?? 0)).contains(label) {
            throw SamplingError.badLabel("\(label)", folder: folder.path, classes: classes)
        }
        let stream = Self.stream(seed: seed)
        var latents: [Float]
        var grid = SampleGrid(columns: columns, scale: scale, modes: modes)
        /// The number that determines each sample's class.
        var turns: [Int]?
        switch choice {
        case .first(let count):
            latents = latent.values(count, from: stream)
            turns = Array(1...count)
            if columns == nil { grid.columns = classColumns(label: label) }
        case .picked(let numbers):
            latents = drawn(numbers, stream: stream).flatMap { $0 }
            turns = numbers
        case .rows(let count):
            let columns = columns ?? min(8, count)
            grid.columns = columns
            latents = LatentPath.rows(latent, count: count, columns: columns, stream: stream)
            turns = (0..<count).map { $0 / columns + 1 }
        case .path(let start, let end, let count):
            let ends = try values(of: [start, end], seed: seed)
            // Short paths fit one row.
            if columns == nil, count <= 10 { grid.columns = count }
            latents = LatentPath.between(ends[0], ends[1], count: count)
        case .expressions(let expressions):
            latents = try values(of: expressions, seed: seed).flatMap { $0 }
        }
        if let truncation { latents = LatentTruncation.truncated(latents, to: truncation) }
        if isNumbered { grid.numbers = numbers(of: choice) }
        let count = latents.count / latent.size
        if isOneImage { try grid.check(count: count, sample: generator.outputShape) }
        var places = count
        if case .picked(let numbers) = choice { places = numbers.max() ?? count }
        let sampler = try Sampler(
            generator, range: dataset.range, conditionSize: classes, count: places, pool: WorkerPool(threads: threads),
            seed: seed)
        let conditions = try conditions(count, label: label, turns: turns)
        if case .picked(let numbers) = choice {
            return (
                try sampler.samples(numbered: numbers, from: latents, conditions: conditions).checkedSamples(), grid
            )
        }
        return (try sampler.samples(from: latents, conditions: conditions).checkedSamples(), grid)
    }

    /// The columns of a grid whose images take classes in turn; nil where all are of one class or of none.
    private func classColumns(label: Int?) -> Int? {
        label == nil && drawsImages ? SampleGrid.columns(classes: classes) : nil
    }

    /// A number of samples, or the next that fills the last row of a grid with a column per class.
    private func wholeRows(_ count: Int, label: Int?) -> Int {
        classColumns(label: label).map { SampleGrid.wholeRows(count, columns: $0) } ?? count
    }

    /// The frames of a walk: each sample goes along great circles from one random vector to the next and, at the end,
    /// back to its first. Where each class has a column, as many more samples take part as fill the last row.
    ///
    /// Throws `SamplingError.badLabel`, `.gridTooLarge`.
    func walk(
        count: Int, legs: Int, frames: Int, seed: UInt64, label: Int?, threads: Int
    ) throws -> [Image] {
        if let label, !(0..<(classes ?? 0)).contains(label) {
            throw SamplingError.badLabel("\(label)", folder: folder.path, classes: classes)
        }
        let count = wholeRows(count, label: label)
        let grid = SampleGrid(columns: classColumns(label: label), modes: modes)
        try grid.check(count: count, sample: generator.outputShape)
        let keys = latent.values(count * legs, from: Self.stream(seed: seed))
        func key(_ sample: Int, _ leg: Int) -> [Float] {
            let row = sample * legs + leg % legs
            return Array(keys[row * latent.size..<(row + 1) * latent.size])
        }
        let sampler = try Sampler(
            generator, range: dataset.range, conditionSize: classes, count: count, pool: WorkerPool(threads: threads),
            seed: seed)
        let conditions = try conditions(count, label: label, turns: Array(1...count))
        return try (0..<legs * frames).map { frame in
            let (leg, share) = (frame / frames, Double(frame % frames) / Double(frames))
            let latents = (0..<count).flatMap { LatentPath.greatCircle(key($0, leg), key($0, leg + 1), share) }
            return grid.image(of: try sampler.samples(from: latents, conditions: conditions).checkedSamples())
        }
    }

    private func numbers(of choice: Choice) -> [Int] {
        switch choice {
        case .first(let count): Array(1...count)
        case .picked(let numbers): numbers
        case .rows, .path, .expressions: preconditionFailure("\(choice) are not samples of a seed")
        }
    }

    /// A one-hot vector for each sample; empty if samples are not conditioned.
    private func conditions(_ count: Int, label: Int?, turns: [Int]?) throws -> [Float] {
        guard let classes else { return [] }
        let labels = try (0..<count).map { index in
            guard let own = label ?? turns.map({ ($0[index] - 1) % classes }) else {
                throw SamplingError.badLabel(nil, folder: folder.path, classes: classes)
            }
            return own
        }
        return SampleInputs.oneHot(labels, of: classes)
    }

    /// Writes an image of the first samples of a seed.
    public func write(
        count: Int, seed: UInt64, columns: Int? = nil, threads: Int, to path: String
    ) throws -> Outcome {
        try write(.first(count), seed: seed, columns: columns, threads: threads, to: path)
    }

    /// Saves means of samples of a seed under names, and returns the files' paths.
    ///
    /// - Parameter replacing: whether to overwrite existing names.
    ///
    /// Throws `SamplingError.latentExists`, `.cannotMakeFolder`, `TensorsError.cannotWrite`.
    public func save(_ assignments: [LatentAssignment], seed: UInt64, replacing: Bool = false) throws -> [String] {
        let stream = Self.stream(seed: seed)
        let latents = assignments.map { assignment in
            let vectors = drawn(assignment.samples, stream: stream)
            let mean = (0..<latent.size).map { index in
                Float(vectors.reduce(0.0) { $0 + Double($1[index]) } / Double(vectors.count))
            }
            return (name: assignment.name, values: mean)
        }
        try saved.save(latents, replacing: replacing)
        return assignments.map { saved.path(of: $0.name) }
    }

    private static func stream(seed: UInt64) -> RandomStream { RandomStream(seed: seed, purpose: "drawn samples") }

    /// The vectors of samples with these numbers, from 1.
    private func drawn(_ numbers: [Int], stream: RandomStream) -> [[Float]] {
        let all = latent.values(numbers.max() ?? 0, from: stream)
        return numbers.map { Array(all[($0 - 1) * latent.size..<$0 * latent.size]) }
    }

    /// The values of expressions.
    func values(of expressions: [String], seed: UInt64) throws -> [[Float]] {
        let expressions = try expressions.map { try LatentExpression($0) }
        let stream = Self.stream(seed: seed)
        let numbers = Set(expressions.flatMap(\.terms).map(\.reference)).compactMap { reference -> Int? in
            if case .sample(let number) = reference { number } else { nil }
        }
        let samples = Dictionary(uniqueKeysWithValues: zip(numbers, drawn(numbers, stream: stream)))
        let names = saved.names
        return try expressions.map { expression in
            try expression.value(size: latent.size) { term in
                switch term.reference {
                case .sample(let number): return samples[number] ?? []
                case .saved(let name):
                    guard names.contains(name) else {
                        throw SamplingError.unknownLatent(
                            name, text: expression.text, column: term.column, run: folder.path, existing: names)
                    }
                    return try saved.load(name)
                }
            }
        }
    }
}
