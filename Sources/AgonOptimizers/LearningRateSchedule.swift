import AgonConfiguration

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The course of a learning rate over the updates of a parameter.
public protocol LearningRateCurve: Sendable {
    /// The factor for the learning rate in the update that follows `updates` earlier ones.
    func factor(after updates: Int) -> Double
}

/// A curve and an optional warm-up, counted in updates: the factor of update `u` (from 0) is
/// `curve(u) * min(1, (u + 1) / warmup)`.
public struct LearningRateSchedule: ConfigDecodable, Sendable {
    public static let schemaName: String? = "LearningRateSchedule"

    public let curve: any LearningRateCurve
    /// The number of updates over which the learning rate rises from zero; the last of them uses the full rate.
    public let warmup: Int

    public init(_ curve: any LearningRateCurve = ConstantCurve(), warmup: Int = 0) {
        precondition(warmup >= 0, "a warm-up cannot take \(warmup) updates")
        self.curve = curve
        self.warmup = warmup
    }

    public init(from reader: ConfigReader) throws {
        warmup = try reader.integer(
            "warmup", in: 0..., default: 0, "Updates over which the learning rate rises linearly from zero.")
        curve = try Self.registry.decode(from: reader)
    }

    public func factor(after updates: Int) -> Double {
        let rise = updates < warmup ? Double(updates + 1) / Double(warmup) : 1
        return rise * curve.factor(after: updates)
    }

    /// The curves that a config can name; programs may register more.
    public static let registry: VariantRegistry<any LearningRateCurve> = {
        let registry = VariantRegistry<any LearningRateCurve>(
            schemaName: "LearningRateCurve", noun: "learning-rate schedule")
        registry.register("constant", "The same learning rate throughout.") { _ in ConstantCurve() }
        registry.register("linear", "Linear decay to a fraction of the learning rate, then constant.") {
            try LinearCurve(from: $0)
        }
        registry.register("step", "A factor applied at regular intervals.") { try StepCurve(from: $0) }
        registry.register("multi-step", "A factor applied at each listed update.") {
            try MultiStepCurve(from: $0)
        }
        registry.register("cosine", "Cosine decay to a fraction of the learning rate, then constant.") {
            try CosineCurve(from: $0)
        }
        return registry
    }()
}

/// The same learning rate throughout.
public struct ConstantCurve: LearningRateCurve {
    public init() {}
    public func factor(after updates: Int) -> Double { 1 }
}

/// 1 up to update `start`, `factor` from update `end` on, linear in between.
public struct LinearCurve: LearningRateCurve {
    public let start: Int, end: Int
    public let factor: Double

    public init(start: Int = 0, end: Int, factor: Double = 0) {
        precondition(start >= 0 && start < end, "a line from update \(start) to \(end)")
        self.start = start
        self.end = end
        self.factor = factor
    }

    init(from reader: ConfigReader) throws {
        let start = try reader.integer("start", in: 0..., default: 0, "Update at which the decay starts.")
        let end = try reader.integer("end", in: 1..., "Update at which the decay ends.")
        let factor = try reader.number("factor", in: 0..., default: 0, "Share of the learning rate at the end.")
        try reader.require(end > start, "end", "\(end) is not after the 'start' at \(start)")
        self.init(start: start, end: end, factor: factor)
    }

    public func factor(after updates: Int) -> Double {
        let progress = min(1, max(0, Double(updates - start) / Double(end - start)))
        return 1 + (factor - 1) * progress
    }
}

/// `factor ^ floor(updates / every)`
public struct StepCurve: LearningRateCurve {
    public let every: Int
    public let factor: Double

    public init(every: Int, factor: Double = 0.1) {
        precondition(every > 0, "a step every \(every) updates")
        self.every = every
        self.factor = factor
    }

    init(from reader: ConfigReader) throws {
        self.init(
            every: try reader.integer("every", in: 1..., "Updates between two steps."),
            factor: try reader.number(
                "factor", in: .positive, default: 0.1, "Factor on the learning rate at each step."))
    }

    public func factor(after updates: Int) -> Double { pow(factor, Double(updates / every)) }
}

/// `factor ^ (number of milestones reached)`
public struct MultiStepCurve: LearningRateCurve {
    public let milestones: [Int]
    public let factor: Double

    public init(at milestones: [Int], factor: Double = 0.1) {
        self.milestones = milestones
        self.factor = factor
    }

    init(from reader: ConfigReader) throws {
        let milestones = try reader.integers(
            "at", count: 1..., in: 1..., "Updates at which the factor is applied, ascending.")
        let factor = try reader.number(
            "factor", in: .positive, default: 0.1, "Factor on the learning rate at each step.")
        for index in milestones.indices.dropFirst() where !reader.isDescribing {
            guard milestones[index] > milestones[index - 1] else {
                throw reader.fail(
                    "at", index: index, "\(milestones[index]) is not after \(milestones[index - 1])")
            }
        }
        self.init(at: milestones, factor: factor)
    }

    public func factor(after updates: Int) -> Double { pow(factor, Double(milestones.count { $0 <= updates })) }
}

/// `factor + (1 - factor) * (1 + cos(π * updates / end)) / 2` up to update `end`, then `factor`.
///
/// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, arXiv:1608.03983, eq. 5,
/// without restarts.
public struct CosineCurve: LearningRateCurve {
    public let end: Int
    public let factor: Double

    public init(end: Int, factor: Double = 0) {
        precondition(end > 0, "a cosine over \(end) updates")
        self.end = end
        self.factor = factor
    }

    init(from reader: ConfigReader) throws {
        self.init(
            end: try reader.integer("end", in: 1..., "Update from which the learning rate is constant."),
            factor: try reader.number("factor", in: 0..., default: 0, "Share of the learning rate at the end."))
    }

    public func factor(after updates: Int) -> Double {
        guard updates < end else { return factor }
        return factor + (1 - factor) * (1 + cos(Double.pi * Double(updates) / Double(end))) / 2
    }
}
