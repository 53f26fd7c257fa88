import AgonGraph
import AgonTensors

/// An elementwise function.
public struct ActivationLayer: Layer {
    public let type: String
    public let function: UnaryFunction

    public init(type: String, function: UnaryFunction) {
        self.type = type
        self.function = function
    }

    public static let relu = ActivationLayer(type: "relu", function: .leakyReLU(slope: 0))
    public static let tanh = ActivationLayer(type: "tanh", function: .tanh)
    public static let sigmoid = ActivationLayer(type: "sigmoid", function: .sigmoid)

    public static func leakyReLU(slope: Float = 0.2) -> ActivationLayer {
        ActivationLayer(type: "leakyReLU", function: .leakyReLU(slope: slope))
    }

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        BuiltLayer(outputShape: input, treatsSamplesApart: true, boundsOutput: function.isBounded) {
            [function] x, call in call.graph.apply(function, x)
        }
    }
}

/// `exp(x) / sum(exp(x))` over the channels.
public struct SoftmaxLayer: Layer {
    public var type: String { "softmax" }

    public init() {}

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        BuiltLayer(outputShape: input, treatsSamplesApart: true, boundsOutput: true) { x, call in
            call.graph.softmax(x)
        }
    }
}

extension UnaryFunction {
    /// Whether all values of the function lie within bounds.
    fileprivate var isBounded: Bool {
        switch self {
        case .tanh, .sigmoid, .sign, .step, .clamp: true
        default: false
        }
    }
}
