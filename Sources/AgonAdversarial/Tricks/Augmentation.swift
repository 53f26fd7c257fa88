import AgonConfiguration
import AgonGraph
import AgonTensors

/// Differentiable random changes of every image that discriminators see, real and generated. With few training images,
/// they keep discriminators from memorising the images; the generator does not learn the changes.
///
/// In this order:
/// - **color**: brightness `x + b`, saturation `m + s (x - m)` with the mean m of a pixel's channels, contrast
///   `m + c (x - m)` with the mean m of the image; b uniform in [-0.5, 0.5), s in [0, 2), c in [0.5, 1.5).
/// - **translation**: by whole pixels, up to an eighth of the side in each direction; uncovered pixels become 0.
/// - **cutout**: a square of half the side at a random place becomes 0.
///
/// Each image has its own random numbers, new ones for each use of a discriminator. Penalties see unchanged images.
/// Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020, arXiv:2006.10738, section
/// 3.
///
/// An image is changed with `probability`; otherwise it stays unchanged. With a `target` the probability starts at 0
/// and is adapted: each update of the discriminators raises it by `batch / span` if the mean of `sign(D(x))` over the
/// real images is above the target (the discriminator is too confident about them), and lowers it otherwise. It stays
/// in [0, 1].
/// Karras et al., "Training Generative Adversarial Networks with Limited Data", NeurIPS 2020, arXiv:2006.06676,
/// section 3.1.
/// Differs: the changes are those of the former paper and apply all together or not at all; the probability changes in
/// every update.
public struct Augmentation: ConfigDecodable, Hashable, Sendable {
    public enum Change: String, CaseIterable, Sendable {
        case color, translation, cutout
    }

    public let changes: [Change]
    /// The probability that an image is changed, unless there is a target.
    public let probability: Double
    /// The target for the mean sign of the scores of real images, to which the probability is adapted; nil if it is
    /// fixed.
    public let target: Double?
    /// The number of images over which an adapted probability changes by 1.
    public let span: Int

    public init(
        changes: [Change] = Change.allCases, probability: Double = 1, target: Double? = nil, span: Int = 500_000
    ) {
        self.changes = Change.allCases.filter(changes.contains)
        self.probability = probability
        self.target = target
        self.span = span
    }

    public init(from reader: ConfigReader) throws {
        let names = try reader.choices(
            "changes", Change.allCases.map(\.rawValue), count: 1..., default: Change.allCases.map(\.rawValue),
            "The changes: colours, position, or a square that is cut out.")
        let probability = try reader.optionalNumber(
            "probability", in: .above(0, through: 1),
            "The probability that an image is changed; default: 1.")
        let target = try reader.optionalNumber(
            "target", in: Interval(lower: -1, upper: 1),
            "Adapts the probability, starting at 0, so that the mean sign of the scores of real images approaches "
                + "this value; 0.6 in the paper.")
        try reader.require(
            probability == nil || target == nil, "probability", "'target' adapts it; remove one of the two keys")
        let span = try reader.integer(
            "span", in: 1...1_000_000_000, default: 500_000,
            "With 'target': the number of images over which the probability changes by 1.")
        try reader.require(target != nil || span == 500_000, "span", "has no effect without 'target'; remove it")
        self.init(changes: names.compactMap(Change.init), probability: probability ?? 1, target: target, span: span)
    }

    /// Throws for tasks whose images must not move.
    func check(_ configuration: AdversarialConfiguration) throws(AdversarialError) {
        guard configuration.task is GenerationTask else {
            throw .trick("augmentation", reason: "images of a translation must stay aligned; remove it")
        }
        let objective = configuration.objective
        let isVerdict = objective.scores == .logits || objective is HingeObjective
        guard target == nil || (isVerdict && objective is any AlternatingObjective) else {
            throw .trick(
                "augmentation",
                reason: "'target' needs scores whose sign tells real from generated, unlike "
                    + "those of '\(type(of: objective).name)'; give 'probability'")
        }
    }

    /// The changed samples. Within one call, every discriminator sees the same changes.
    func apply(to samples: Value, call: String, setting: AdversarialSetting, in graph: ComputeGraph) -> Value {
        let count = samples.shape[0]
        func uniform(_ name: String) -> Value {
            graph.reshape(
                setting.uniform([count], stream: "augmentation.\(name)/\(call)", in: graph), [count, 1, 1, 1])
        }
        var changed = samples
        for change in changes {
            switch change {
            case .color: changed = coloured(changed, uniform, in: graph)
            case .translation: changed = translated(changed, uniform, in: graph)
            case .cutout: changed = cut(changed, uniform, in: graph)
            }
        }
        if target != nil {
            let share = graph.reshape(graph.read(probabilityVariable(setting)), [])
            let isChanged = graph.apply(.greater, graph.broadcast(share, to: [count, 1, 1, 1]), uniform("probability"))
            return graph.choose(changed, where: isChanged, else: samples)
        }
        guard probability < 1 else { return changed }
        return graph.choose(
            changed, where: graph.happens(uniform("probability"), probability: probability), else: samples)
    }

    /// Adapts the probability according to the scores of real images in an update of a discriminator.
    func observe(realScores scores: Value, setting: AdversarialSetting, in graph: ComputeGraph) {
        guard let target else { return }
        let variable = probabilityVariable(setting)
        let excess = graph.affine(graph.stopGradient(graph.mean(graph.apply(.sign, scores))), offset: -Float(target))
        let step = graph.affine(graph.apply(.sign, excess), scale: Float(setting.batchSize) / Float(span))
        let moved = graph.apply(.clamp(low: 0, high: 1), graph.add(graph.read(variable), step))
        graph.assign(moved, to: variable)
        graph.output("augmentation.probability", graph.reshape(moved, []))
    }

    private func probabilityVariable(_ setting: AdversarialSetting) -> Variable {
        setting.loopVariable("augmentation.probability", [1])
    }

    // MARK: Changes

    private func coloured(_ x: Value, _ uniform: (String) -> Value, in graph: ComputeGraph) -> Value {
        let count = x.shape[0]
        let bright = graph.add(x, graph.affine(uniform("brightness"), offset: -0.5))
        let grey = graph.mean(bright, to: [count, x.shape[1], x.shape[2], 1])
        let saturated = graph.add(
            graph.multiply(graph.subtract(bright, grey), graph.affine(uniform("saturation"), scale: 2)), grey)
        let mean = graph.mean(saturated, to: [count, 1, 1, 1])
        return graph.add(
            graph.multiply(graph.subtract(saturated, mean), graph.affine(uniform("contrast"), offset: 0.5)), mean)
    }

    /// Shifts by whole pixels between -reach and reach, all equally likely. Each direction is a weighted sum of shifted
    /// copies in which one copy has weight 1, so gradients pass through.
    private func translated(_ x: Value, _ uniform: (String) -> Value, in graph: ComputeGraph) -> Value {
        var moved = x
        for (axis, name) in [(1, "down"), (2, "right")] {
            let size = x.shape[axis]
            let reach = (size + 4) / 8
            guard reach > 0 else { continue }
            let draw = uniform(name)
            let (vertical, horizontal) = axis == 1 ? (reach, 0) : (0, reach)
            let padded = graph.pad(
                moved, Padding(top: vertical, left: horizontal, bottom: vertical, right: horizontal))
            let shifts = 2 * reach + 1
            func isAbove(_ shift: Int) -> Value {
                graph.apply(.step(threshold: Float(shift) / Float(shifts)), draw)
            }
            let copies = (0..<shifts).map { shift -> Value in
                let weight =
                    shift == 0
                    ? graph.affine(isAbove(1), scale: -1, offset: 1)
                    : shift == shifts - 1 ? isAbove(shift) : graph.subtract(isAbove(shift), isAbove(shift + 1))
                return graph.multiply(graph.slice(padded, axis: axis, start: shift, count: size), weight)
            }
            moved = copies.dropFirst().reduce(copies[0]) { graph.add($0, $1) }
        }
        return moved
    }

    /// The centre of the square is anywhere in the image, so part of the square may lie outside.
    private func cut(_ x: Value, _ uniform: (String) -> Value, in graph: ComputeGraph) -> Value {
        let count = x.shape[0]
        func inside(_ axis: Int, _ name: String) -> Value {
            let size = x.shape[axis]
            let hole = (size + 1) / 2
            // An even square has centres 0 ... size, one more place than an odd square.
            let places = size + (1 - hole % 2)
            let draw = graph.reshape(uniform(name), [count, 1])
            let columns = (0..<size).map { pixel -> Value in
                // Centres m, as integers, with pixel - hole + hole / 2 < m <= pixel + hole / 2.
                let (low, high) = (pixel - hole + hole / 2 + 1, pixel + hole / 2 + 1)
                func reaches(_ middle: Int) -> Value? {
                    middle <= 0 ? nil : graph.apply(.step(threshold: Float(middle) / Float(places)), draw)
                }
                let above = reaches(low) ?? graph.constant(1, shape: [count, 1])
                guard high < places, let beyond = reaches(high) else { return above }
                return graph.subtract(above, beyond)
            }
            let shape: Shape = axis == 1 ? [count, size, 1, 1] : [count, 1, size, 1]
            return graph.reshape(graph.concatenate(columns, axis: 1), shape)
        }
        let hole = graph.multiply(
            graph.broadcast(inside(1, "row"), to: [count, x.shape[1], x.shape[2], 1]), inside(2, "column"))
        return graph.multiply(x, graph.affine(hole, scale: -1, offset: 1))
    }
}
