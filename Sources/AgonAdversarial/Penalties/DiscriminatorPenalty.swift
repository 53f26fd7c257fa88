import AgonConfiguration
import AgonGraph
import AgonTensors

/// A penalty on a discriminator's slope, added to its loss.
///
/// A penalty is one type in one file, registered under a name in `PenaltyRegistry.penalties`.
public protocol DiscriminatorPenalty: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// The penalty with its weight, a scalar.
    ///
    /// - Throws: `GraphError.noDerivative` when the discriminator has an operation without a derivative.
    func value(_ pass: DiscriminatorPass) throws -> Value
}

/// The penalties that a config can name; programs may register more.
public enum PenaltyRegistry {
    public static let penalties: VariantRegistry<any DiscriminatorPenalty> = {
        let registry = VariantRegistry<any DiscriminatorPenalty>(schemaName: "Penalty", noun: "penalty")
        registry.register(InterpolationPenalty.name, "Slopes other than 1 between real and generated samples.") {
            try InterpolationPenalty(from: $0)
        }
        registry.register(RealSlopePenalty.name, "Any slope at real samples (R1).") {
            try RealSlopePenalty(from: $0)
        }
        registry.register(PerturbationPenalty.name, "Slopes other than 1 around real samples (DRAGAN).") {
            try PerturbationPenalty(from: $0)
        }
        return registry
    }()
}
