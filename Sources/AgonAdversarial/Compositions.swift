import AgonGraph

/// Short compositions of operations that objectives, combinations and tricks share.
extension ComputeGraph {
    /// The sum of scalars.
    func sum(of values: [Value]) -> Value { values.dropFirst().reduce(values[0], add) }

    /// The mean of scalars.
    func mean(of values: [Value]) -> Value {
        values.count == 1 ? values[0] : affine(sum(of: values), scale: 1 / Float(values.count))
    }

    /// The Euclidean norm over the elements of several tensors, a scalar.
    func norm(of values: some Collection<Value>) -> Value {
        squareRoot(sum(of: values.map { sum(square($0)) }))
    }

    /// `a` where the mask is 1 and `b` where it is 0, bit for bit. The mask broadcasts; both values must be finite.
    func choose(_ a: Value, where mask: Value, else b: Value) -> Value {
        add(multiply(mask, a), multiply(affine(mask, scale: -1, offset: 1), b))
    }

    /// 1 where uniform numbers in [0, 1) are below a probability, else 0.
    func happens(_ uniform: Value, probability: Double) -> Value {
        affine(apply(.step(threshold: Float(probability)), uniform), scale: -1, offset: 1)
    }
}
