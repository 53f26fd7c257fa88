import AgonAdversarial
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonTensors

/// Standing statistics: the running means and variances of a generator's batch norms, replaced by the means of those of
/// many batches of its own samples. In training, running statistics lag behind the weights, and those of an averaged
/// generator belong to other weights.
///
/// A batch's statistics are those that training would use, with the unbiased variance; everything else works as in
/// sampling: no dropout, no steps of power iterations.
/// Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", ICLR 2019,
/// arXiv:1809.11096, appendix C.1.
package final class StandingStatistics {
    private let step: CompiledStep
    /// The running statistics, one variable for each mean and each variance.
    private let statistics: [Variable]
    private let batches: Int
    /// Latents and condition vectors of a batch.
    private let values: (Int) throws -> (inputs: [Float], conditions: [Float])

    /// Statistics of samples with latents of their own, the same for all seeds, and with conditions in turn. A batch
    /// has the size of a training batch.
    ///
    /// - Parameters:
    ///   - batches: the number of batches.
    ///   - dataset: the source of embeddings, if samples are conditioned on them.
    ///
    /// Throws `SamplingError.noStandingStatistics`, `LayerError` for batches too small for batch norm, `GraphError`.
    package convenience init(
        of generator: Network, training: AdversarialConfiguration, batches: Int, dataset: (any Dataset)?,
        pool: WorkerPool
    ) throws {
        try Self.check(generator, training: training)
        let size = training.batchSize
        let stream = RandomStream(seed: 0, purpose: "standing statistics")
        guard let inputs = SampleInputs(training, count: batches * size, latents: stream, dataset: dataset) else {
            preconditionFailure("embeddings without a dataset")
        }
        try self.init(
            of: generator, batches: batches, batchSize: size, conditionSize: training.task.conditionSize, pool: pool
        ) { try inputs.values($0 * size..<($0 + 1) * size) }
    }

    /// - Parameter values: the latents and the condition vectors of a batch, contiguous.
    init(
        of generator: Network, batches: Int, batchSize: Int, conditionSize: Int? = nil, pool: WorkerPool,
        values: @escaping (Int) throws -> (inputs: [Float], conditions: [Float])
    ) throws {
        precondition(batches > 0, "statistics of \(batches) batches")
        let graph = try samplingGraph(generator, count: batchSize, conditionSize: conditionSize, mode: .accumulation)
        statistics = Self.statistics(of: generator, in: graph)
        self.batches = batches
        self.values = values
        step = try CompiledStep(graph, name: "standing statistics", pool: pool, seed: 0)
    }

    /// Throws `SamplingError.noStandingStatistics` for generators that read images or have no batch norm.
    package static func check(_ generator: Network, training: AdversarialConfiguration) throws {
        guard training.task.usesLatents else {
            throw SamplingError.noStandingStatistics(reason: "the generator translates images")
        }
        let graph = try samplingGraph(
            generator, count: max(training.batchSize, 2), conditionSize: training.task.conditionSize,
            mode: .accumulation)
        guard !statistics(of: generator, in: graph).isEmpty else {
            throw SamplingError.noStandingStatistics(
                reason: "no layer of the generator is a 'batchNorm' or 'conditionalBatchNorm'")
        }
    }

    /// The variables that a graph of accumulation writes.
    private static func statistics(of generator: Network, in graph: ComputeGraph) -> [Variable] {
        let written = graph.nodes.compactMap { node -> VariableID? in
            if case .assign(let id) = node.operation { id } else { nil }
        }
        return generator.statistics.filter { written.contains($0.id) }
    }

    /// Computes the statistics for the generator's current weights and stores them in its variables.
    ///
    /// Throws the errors of reading conditions.
    package func accumulate() throws {
        var sums = statistics.map { [Double](repeating: 0, count: $0.shape.count) }
        for batch in 0..<batches {
            let (latents, conditions) = try values(batch)
            latents.withUnsafeBufferPointer { latents in
                conditions.withUnsafeBufferPointer { conditions in
                    var inputs: [String: UnsafePointer<Float>] = [:]
                    inputs["latent"] = latents.baseAddress
                    inputs["condition"] = conditions.baseAddress
                    step.run(inputs: inputs, index: batch)
                }
            }
            for (index, variable) in statistics.enumerated() {
                for (place, value) in variable.values.enumerated() { sums[index][place] += Double(value) }
            }
        }
        for (variable, sum) in zip(statistics, sums) { variable.values = sum.map { Float($0 / Double(batches)) } }
    }

    /// Does work with standing statistics, and restores the former ones.
    ///
    /// Throws the errors of reading conditions and of the work.
    package func during<Result>(_ work: () throws -> Result) throws -> Result {
        let former = statistics.map(\.values)
        defer { for (variable, values) in zip(statistics, former) { variable.values = values } }
        try accumulate()
        return try work()
    }
}
