import AgonTensors

extension ComputeGraph {
    /// The gradients of a scalar by the given values, as values of this graph: they can be differentiated again.
    ///
    /// Only nodes between the values and the loss are visited, so unused gradients are never built.
    /// A value on which the loss does not depend has gradient zero.
    /// - Throws: `GraphError.notScalar`, or `noDerivative` naming the operation and the layer it comes from.
    public func gradients(of loss: Value, withRespectTo values: [Value]) throws -> [Value] {
        guard loss.shape.count == 1 else { throw GraphError.notScalar(shape: loss.shape.description) }
        let last = loss.index
        var depends = [Bool](repeating: false, count: last + 1)
        for value in values where value.index <= last { depends[value.index] = true }
        for node in nodes[0...last] where node.operation.passesGradients {
            if node.inputs.contains(where: { depends[$0.index] }) { depends[node.output.index] = true }
        }
        let asked = Set(values.map(\.index))
        let earliest = values.map(\.index).min() ?? 0
        var gradients = [Value?](repeating: nil, count: last + 1)
        gradients[last] = constant(1, shape: loss.shape)
        let outerOrigin = origin
        defer { origin = outerOrigin }
        for index in stride(from: last, through: earliest, by: -1) where depends[index] {
            guard let d = gradients[index] else { continue }
            let node = nodes[index]
            // A requested value ends the walk unless an earlier one is requested too.
            if asked.contains(index), !node.inputs.contains(where: { depends[$0.index] }) { continue }
            origin = node.origin
            guard node.inputs.contains(where: { depends[$0.index] }) else { continue }
            let contributions = try inputGradients(of: node, d)
            for (input, contribution) in zip(node.inputs, contributions) where depends[input.index] {
                guard let contribution else { continue }
                gradients[input.index] = gradients[input.index].map { add($0, contribution) } ?? contribution
            }
        }
        return values.map { value in
            let gradient = value.index <= last ? gradients[value.index] : nil
            guard let gradient else { return constant(0, shape: value.shape) }
            return gradient.shape == value.shape ? gradient : broadcast(gradient, to: value.shape)
        }
    }
}
