import AgonConfiguration
import AgonGraph

/// A penalty on a discriminator's gradient, added to its loss.
///
/// A penalty is one type in one file, registered under a name in `PenaltyRegistry.penalties`.
public protocol DiscriminatorPenalty: Sendable {
    /// The name in configs and messages.
    static var name: String { get }
    /// The penalty is computed in every k-th update of the discriminators, with k times its weight (`LazyPenalty`);
    /// 1 by default.
    var every: Int { get }
    /// The weighted penalty, a scalar.
    ///
    /// - Throws: `GraphError.noDerivative` when the discriminator has an operation without a derivative.
    func value(_ pass: DiscriminatorPass) throws -> Value
}

extension DiscriminatorPenalty {
    public var every: Int { 1 }
}

/// The penalties that a config can name; programs may register more.
public enum PenaltyRegistry {
    public static let penalties: VariantRegistry<any DiscriminatorPenalty> = {
        let registry = VariantRegistry<any DiscriminatorPenalty>(schemaName: "Penalty", noun: "penalty")
        registry.register(InterpolationPenalty.name, "Gradient norms other than 1 between real and generated data.") {
            try InterpolationPenalty(from: $0)
        }
        registry.register(RealSlopePenalty.name, "Any gradient at real samples (R1).") {
            try RealSlopePenalty(from: $0)
        }
        registry.register(PerturbationPenalty.name, "Gradient norms other than 1 around real samples (DRAGAN).") {
            try PerturbationPenalty(from: $0)
        }
        return registry
    }()
}
