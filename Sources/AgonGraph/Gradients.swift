import AgonTensors

// The derivatives of all operations, one case each, built from the same operations, so a gradient is again a graph.
extension ComputeGraph {
    /// The gradients by the inputs of `node` of a scalar with gradient `d` by the node; nil if there is none.
    func inputGradients(of node: Node, _ d: Value) throws -> [Value?] {
        let x = node.inputs
        let y = node.output
        switch node.operation {
        case .variable, .input, .constant, .random, .stopGradient, .rowMaximum, .minimumNormWeights:
            return x.map { _ in nil }

        case .unary(let function):
            return [unaryGradient(function, x: x[0], y: y, d)]
        case .binary(let function):
            let (a, b) = binaryGradients(function, x[0], x[1], y, d)
            return [a.map { sum($0, to: x[0].shape) }, b.map { sum($0, to: x[1].shape) }]

        case .broadcast: return [sum(d, to: x[0].shape)]
        case .sum: return [broadcast(d, to: x[0].shape)]
        case .moments:
            // d mean / dx = 1 / n; d variance / dx = 2 (x - mean) / n.
            let n = Float(x[0].shape.count / x[0].shape[-1])
            let channels: Shape = [x[0].shape[-1]]
            let row = { (value: Value, at: Int) in
                self.reshape(self.slice(value, axis: 0, start: at, count: 1), channels)
            }
            let centered = subtract(x[0], row(y, 0))
            let spread = multiply(centered, affine(row(d, 1), scale: 2 / n))
            return [add(spread, affine(row(d, 0), scale: 1 / n))]
        case .reshape: return [reshape(d, x[0].shape)]
        case .transpose: return [append(.transpose, [d])]
        case .slice(let axis, let start, _):
            return [append(.sliceGradient(axis: axis, start: start, extent: x[0].shape[axis]), [d])]
        case .sliceGradient(let axis, let start, _):
            return [slice(d, axis: axis, start: start, count: x[0].shape[axis])]
        case .concatenate(let axis):
            var start = 0
            return x.map { part in
                defer { start += part.shape[axis] }
                return slice(d, axis: axis, start: start, count: part.shape[axis])
            }

        case .matmul(let transposeA, let transposeB):
            let (a, b) = (x[0], x[1])
            let dA =
                transposeA
                ? matmul(b, d, transposeA: transposeB, transposeB: true)
                : matmul(d, b, transposeB: !transposeB)
            let dB =
                transposeB
                ? matmul(d, a, transposeA: true, transposeB: transposeA)
                : matmul(a, d, transposeA: !transposeA)
            return [dA, dB]
        case .gram:
            // dx_i = sum over j of (d_ij + d_ji) x_j.
            let count = x.count
            let transposed = reshape(append(.transpose, [reshape(d, [1, count, count])]), [count, count])
            let rows = concatenate(x.map { reshape($0, [1, $0.shape.count]) }, axis: 0)
            let products = matmul(add(d, transposed), rows)
            return x.indices.map { reshape(slice(products, axis: 0, start: $0, count: 1), x[$0].shape) }
        case .convolution(let g):
            return [
                append(.convolutionInputGradient(g), [d, x[1]]), append(.convolutionWeightGradient(g), [x[0], d]),
            ]
        case .convolutionInputGradient(let g):
            return [append(.convolution(g), [d, x[1]]), append(.convolutionWeightGradient(g), [d, x[0]])]
        case .convolutionWeightGradient(let g):
            return [append(.convolutionInputGradient(g), [x[1], d]), append(.convolution(g), [x[0], d])]
        case .foldUpsampling: return [append(.foldUpsamplingGradient, [d])]
        case .foldUpsamplingGradient: return [append(.foldUpsampling, [d])]

        case .pad(let padding): return [append(.padGradient(padding), [d])]
        case .padGradient(let padding): return [append(.pad(padding), [d])]
        case .maxPool(let g): return [append(.maxPoolGradient(g), [x[0], d])]
        case .maxPoolGradient(let g): return [nil, append(.maxPoolPick(g), [x[0], d])]
        case .maxPoolPick(let g): return [nil, append(.maxPoolGradient(g), [x[0], d])]
        case .averagePool(let g): return [append(.averagePoolGradient(g), [d])]
        case .averagePoolGradient(let g): return [append(.averagePool(g), [d])]
        case .upsampleNearest(let s): return [append(.upsampleNearestGradient(scale: s), [d])]
        case .upsampleNearestGradient(let s): return [append(.upsampleNearest(scale: s), [d])]
        case .upsampleBilinear(let s): return [append(.upsampleBilinearGradient(scale: s), [d])]
        case .upsampleBilinearGradient(let s): return [append(.upsampleBilinear(scale: s), [d])]
        case .depthToSpace(let s): return [append(.spaceToDepth(scale: s), [d])]
        case .spaceToDepth(let s): return [append(.depthToSpace(scale: s), [d])]

        case .assign, .update, .filterWeights, .filteredConvolution:
            throw GraphError.noDerivative(operation: node.operation.name, origin: node.origin)
        }
    }

    private func unaryGradient(_ function: UnaryFunction, x: Value, y: Value, _ d: Value) -> Value? {
        switch function {
        case .affine(let scale, _): return affine(d, scale: scale)
        case .absolute: return multiply(d, apply(.sign, x))
        case .sign, .step: return nil
        case .square: return multiply(d, affine(x, scale: 2))
        case .squareRoot: return divide(affine(d, scale: 0.5), y)
        case .reciprocal: return multiply(d, affine(square(y), scale: -1))
        case .power(let exponent):
            return multiply(d, affine(apply(.power(exponent - 1), x), scale: exponent))
        case .exponential: return multiply(d, y)
        case .logarithm: return divide(d, x)
        case .tanh: return apply(.tanhGradient, d, y)
        case .sigmoid: return apply(.sigmoidGradient, d, y)
        case .softplus: return multiply(d, sigmoid(x))
        case .elu(let alpha): return apply(.eluGradient(alpha: alpha), d, y)
        case .leakyReLU(let slope): return apply(.leakyReLUGradient(slope: slope), d, y)
        case .clamp(let low, let high):
            let inside = multiply(
                apply(.step(threshold: low), x), affine(apply(.step(threshold: high), x), scale: -1, offset: 1))
            return multiply(d, inside)
        }
    }

    private func binaryGradients(
        _ function: BinaryFunction, _ a: Value, _ b: Value, _ y: Value, _ d: Value
    ) -> (Value?, Value?) {
        switch function {
        case .add: return (d, d)
        case .subtract: return (d, affine(d, scale: -1))
        case .multiply: return (multiply(d, b), multiply(d, a))
        case .divide: return (divide(d, b), affine(divide(multiply(d, y), b), scale: -1))
        case .maximum, .minimum:
            let picksA = function == .maximum ? apply(.greater, a, b) : apply(.greater, b, a)
            return (multiply(d, picksA), multiply(d, affine(picksA, scale: -1, offset: 1)))
        case .greater: return (nil, nil)
        // Linear in the gradient a; the derivative by the output b as far as it is not zero almost everywhere.
        case .leakyReLUGradient: return (apply(function, d, b), nil)
        case .tanhGradient: return (apply(function, d, b), affine(multiply(multiply(d, a), b), scale: -2))
        case .sigmoidGradient:
            return (apply(function, d, b), multiply(multiply(d, a), affine(b, scale: -2, offset: 1)))
        case .eluGradient:
            let negative = affine(apply(.step(threshold: 0), b), scale: -1, offset: 1)
            return (apply(function, d, b), multiply(multiply(d, a), negative))
        }
    }
}
