import Configuration
import Graph
import Tensors

/// A function of each number.
public struct ActivationLayer: Layer {
    public let type: String
    public let function: UnaryFunction

    public init(type: String, function: UnaryFunction) {
        self.type = type
        self.function = function
    }

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        BuiltLayer(outputShape: input, treatsSamplesApart: true) { [function] x, call in call.graph.apply(function, x) }
    }
}

/// `exp(x) / sum(exp(x))` over the channels.
public struct SoftmaxLayer: Layer {
    public var type: String { "softmax" }

    public init() {}

    public func build(input: Shape, at site: LayerSite) -> BuiltLayer {
        BuiltLayer(outputShape: input, treatsSamplesApart: true) { x, call in call.graph.softmax(x) }
    }
}
