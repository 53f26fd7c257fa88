import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

/// Image-to-image translation in both directions, trained without pairs: `F` makes samples from conditions, and `B`
/// conditions from samples. Both must fool their discriminators, invert each other, and leave images unchanged that are
/// already in their target domain.
///
/// With samples x and conditions c, the means over the two directions of
/// `cycle * mean|B(F(c)) - c|` and `identity * mean|F(x) - x|`, and of the adversarial losses.
/// Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
/// arXiv:1703.10593, eq. 1-3 and section 5.2 (identity loss).
public struct CycleTask: GANTask {
    public static let name = "cycle"

    public let cycle: Double
    public let identity: Double

    public init(cycle: Double = 10, identity: Double = 5) {
        self.cycle = cycle
        self.identity = identity
    }

    init(from reader: ConfigReader) throws {
        cycle = try reader.number(
            "cycle", in: 0..., default: 10, "Weight of the cycle-consistency loss.")
        identity = try reader.number(
            "identity", in: 0..., default: 5, "Weight of the identity loss on images already in the target domain.")
    }

    public var sideNames: [String] { ["forward", "backward"] }
    public var takesConditionImages: Bool { true }

    public func generatorInput(latent: LatentConfiguration, data: DataShapes?, side: Int) throws -> Shape {
        let (sample, condition) = try known(data)
        guard sample == condition else { throw AdversarialError.unequalPairs(sample: sample, condition: condition) }
        return sample
    }

    public func discriminatorInput(generated: Shape, data: DataShapes?, side: Int) throws -> Shape {
        try known(data).sample
    }

    public func generate(
        _ inputs: GANTaskInputs, setting: AdversarialSetting, call: String, in graph: ComputeGraph
    ) throws -> Generated {
        guard let condition = inputs.condition, let real = inputs.real else {
            preconditionFailure("translation needs images")
        }
        let (forward, backward) = (setting.gan.sides[0].generator, setting.gan.sides[1].generator)
        func apply(_ network: Network, _ x: Value, _ name: String) throws -> Value {
            try setting.samples(of: network, from: x, call: "\(call).\(name)", in: graph)
        }
        func mean(_ a: Value, _ b: Value, _ weight: Double) -> Value {
            graph.affine(graph.add(a, b), scale: Float(weight / 2))
        }
        let madeSamples = try apply(forward, condition, "made")
        let madeConditions = try apply(backward, real, "made")
        return Generated(samples: [madeSamples, madeConditions]) {
            var losses: [(name: String, value: Value)] = []
            if cycle > 0 {
                let there = try meanAbsoluteDistance(graph, apply(backward, madeSamples, "cycle"), condition)
                let back = try meanAbsoluteDistance(graph, apply(forward, madeConditions, "cycle"), real)
                losses.append(("cycle", mean(there, back, cycle)))
            }
            if identity > 0 {
                let samples = try meanAbsoluteDistance(graph, apply(forward, real, "identity"), real)
                let conditions = try meanAbsoluteDistance(graph, apply(backward, condition, "identity"), condition)
                losses.append(("identity", mean(samples, conditions, identity)))
            }
            return losses
        }
    }

    public func view(_ samples: Value, condition: Value?, in graph: ComputeGraph) -> (x: Value, condition: Value?) {
        (samples, nil)
    }
}
