import AgonConfiguration
import AgonGraph
import AgonTensors

/// Generated samples of earlier steps, mixed into the generated samples that discriminators learn from.
///
/// The memory holds some batches. With a probability, each sample of a discriminator's batch is replaced by the
/// remembered sample at the same index in a randomly chosen batch. With another probability, each new sample is stored
/// in place of a remembered one. If samples swap, one random choice decides both: the new sample takes the place of the
/// remembered sample that is shown. The first batches are shown unchanged and fill the memory, so with one image per
/// step the memory is a buffer of `batches` images.
/// Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", CVPR 2017,
/// arXiv:1612.07828, section 2.3; Chintala et al., "How to train a GAN?", 2016, item 7; swapping as in the code of Zhu
/// et al., 2017, arXiv:1703.10593.
public struct ExperienceReplay: ConfigDecodable, Hashable, Sendable {
    /// The number of batches in the memory.
    public let batches: Int
    /// The probability that a remembered sample is shown instead of a new one.
    public let share: Double
    /// The probability that a new sample is stored, unless samples swap.
    public let keep: Double
    /// Whether a new sample takes the place of the remembered sample that is shown.
    public let swaps: Bool

    public init(batches: Int = 4, share: Double = 0.5, keep: Double = 0.1, swaps: Bool = false) {
        self.batches = batches
        self.share = share
        self.keep = keep
        self.swaps = swaps
    }

    public init(from reader: ConfigReader) throws {
        let swaps = try reader.boolean(
            "swap", default: false,
            "Whether a new sample takes the place of the remembered sample that is shown, instead of 'keep'.")
        let keep = try reader.optionalNumber(
            "keep", in: .above(0, through: 1),
            "The probability that a new sample replaces a remembered one; default: 0.1.")
        try reader.require(keep == nil || !swaps, "keep", "swapped samples are always stored; remove 'keep'")
        self.init(
            batches: try reader.integer("batches", in: 1...64, default: 4, "Number of batches in the memory."),
            share: try reader.number(
                "share", in: .above(0, through: 1), default: 0.5,
                "The probability that a remembered sample is shown instead of a new one."),
            keep: keep ?? 0.1, swaps: swaps)
    }

    /// The batch that discriminators see.
    func mix(into samples: Value, side: Int, setting: AdversarialSetting, in graph: ComputeGraph) -> Value {
        let count = samples.shape[0]
        let perSample = Shape([count] + [Int](repeating: 1, count: samples.shape.rank - 1))
        let prefix = setting.gan.sides.count == 1 ? "replay" : "replay.\(setting.task.sideNames[side])"
        let memory = (0..<batches).map { setting.loopVariable("\(prefix).\($0)", samples.shape) }
        let filled = setting.loopVariable("\(prefix).filled", [1])

        func uniform(_ name: String) -> Value {
            graph.reshape(setting.uniform([count], stream: "\(prefix).\(name)", in: graph), perSample)
        }
        /// 1 where a uniform number is in the part of [0, 1) assigned to a batch.
        func isDrawn(_ place: Value, _ batch: Int) -> Value {
            func above(_ share: Int) -> Value {
                graph.apply(.step(threshold: Float(share) / Float(batches)), place)
            }
            if batch == 0 { return graph.affine(above(1), scale: -1, offset: 1) }
            return batch == batches - 1 ? above(batch) : graph.subtract(above(batch), above(batch + 1))
        }
        let place = uniform("drawn")
        if swaps {
            return swapped(
                samples, memory: memory, filled: filled, isCoin: graph.happens(uniform("shown"), probability: share),
                isDrawn: { batches == 1 ? nil : isDrawn(place, $0) }, in: graph)
        }
        // The memory is empty at first; the first samples fill it.
        let isFilled = graph.reshape(graph.read(filled), [])
        let remembered = memory.map { graph.choose(graph.read($0), where: isFilled, else: samples) }
        let isOld = graph.happens(uniform("shown"), probability: share)
        var shown = samples
        for (index, batch) in remembered.enumerated() {
            let mask = batches == 1 ? isOld : graph.multiply(isOld, isDrawn(place, index))
            shown = graph.choose(batch, where: mask, else: shown)
        }
        let target = uniform("place")
        let isKept = graph.happens(uniform("kept"), probability: keep)
        for (index, batch) in remembered.enumerated() {
            let mask = batches == 1 ? isKept : graph.multiply(isKept, isDrawn(target, index))
            graph.assign(graph.choose(samples, where: mask, else: batch), to: memory[index])
        }
        graph.assign(graph.constant(1, shape: [1]), to: filled)
        return graph.stopGradient(shown)
    }

    /// - Parameters:
    ///   - filled: the number of batches that the memory holds.
    ///   - isCoin: 1 for samples that are swapped with a remembered one if the memory is full.
    ///   - isDrawn: 1 for samples that are assigned to the batch with this index; nil if there is only one batch.
    private func swapped(
        _ samples: Value, memory: [Variable], filled: Variable, isCoin: Value, isDrawn: (Int) -> Value?,
        in graph: ComputeGraph
    ) -> Value {
        let count = graph.reshape(graph.read(filled), [])
        func holds(_ batches: Int) -> Value { graph.apply(.step(threshold: Float(batches) - 0.5), count) }
        let isFull = holds(batches)
        let isSwapped = graph.multiply(isCoin, isFull)
        var shown = samples
        for (index, variable) in memory.enumerated() {
            let old = graph.read(variable)
            let swaps = isDrawn(index).map { graph.multiply(isSwapped, $0) } ?? isSwapped
            shown = graph.choose(old, where: swaps, else: shown)
            let fills = graph.subtract(holds(index), holds(index + 1))
            graph.assign(graph.choose(samples, where: graph.add(swaps, fills), else: old), to: variable)
        }
        graph.assign(
            graph.reshape(graph.add(count, graph.affine(isFull, scale: -1, offset: 1)), [1]), to: filled)
        return graph.stopGradient(shown)
    }
}
