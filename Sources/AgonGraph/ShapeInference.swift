import AgonConfiguration
import AgonTensors

/// The result of broadcasting two shapes, aligned at the last axis; nil if they are incompatible.
public func broadcastShape(_ a: Shape, _ b: Shape) -> Shape? {
    let rank = max(a.rank, b.rank)
    var extents: [Int] = []
    for axis in 0..<rank {
        let x = axis < rank - a.rank ? 1 : a[axis - (rank - a.rank)]
        let y = axis < rank - b.rank ? 1 : b[axis - (rank - b.rank)]
        guard x == y || x == 1 || y == 1 else { return nil }
        extents.append(x == 1 ? y : x)
    }
    return Shape(extents)
}

/// The shape of an operation's output; incompatible shapes are programming errors.
func inferredShape(of operation: Operation, _ shapes: [Shape], at origin: ConfigPath) -> Shape {
    func check(_ condition: Bool, _ message: @autoclosure () -> String) {
        precondition(condition, "\(operation.name) at \(origin): \(message())")
    }
    switch operation {
    case .variable, .input, .constant, .random, .assign, .update:
        preconditionFailure("\(operation.name) at \(origin) states its shape")
    case .unary, .stopGradient:
        return shapes[0]
    case .binary:
        guard let shape = broadcastShape(shapes[0], shapes[1]) else {
            preconditionFailure("\(operation.name) at \(origin): shapes \(shapes[0]) and \(shapes[1]) do not broadcast")
        }
        return shape
    case .broadcast(let shape):
        check(broadcastShape(shapes[0], shape) == shape, "\(shapes[0]) does not broadcast to \(shape)")
        return shape
    case .sum(let shape):
        check(broadcastShape(shapes[0], shape) == shapes[0], "\(shapes[0]) does not sum to \(shape)")
        return shape
    case .rowMaximum:
        var shape = shapes[0]
        shape[-1] = 1
        return shape
    case .moments:
        return [2, shapes[0][-1]]
    case .reshape(let shape):
        check(shape.count == shapes[0].count, "\(shapes[0]) has \(shapes[0].count) elements, \(shape) \(shape.count)")
        return shape
    case .transpose:
        check(shapes[0].rank == 3, "\(shapes[0]) is not [N, A, B]")
        return [shapes[0][0], shapes[0][2], shapes[0][1]]
    case .slice(let axis, let start, let count):
        check(
            start >= 0 && count > 0 && start + count <= shapes[0][axis],
            "\(start) + \(count) of axis \(axis) of \(shapes[0])")
        var shape = shapes[0]
        shape[axis] = count
        return shape
    case .sliceGradient(let axis, _, let extent):
        var shape = shapes[0]
        shape[axis] = extent
        return shape
    case .concatenate(let axis):
        var shape = shapes[0]
        shape[axis] = shapes.reduce(0) { $0 + $1[axis] }
        for other in shapes {
            var aligned = other
            aligned[axis] = shapes[0][axis]
            check(aligned == shapes[0], "\(other) does not join \(shapes[0]) along axis \(axis)")
        }
        return shape
    case .matmul(let transposeA, let transposeB):
        check(shapes[0].rank == 2 && shapes[1].rank == 2, "\(shapes[0]) and \(shapes[1]) are not matrices")
        let (m, k) = transposeA ? (shapes[0][1], shapes[0][0]) : (shapes[0][0], shapes[0][1])
        let (k2, n) = transposeB ? (shapes[1][1], shapes[1][0]) : (shapes[1][0], shapes[1][1])
        check(k == k2, "inner extents of \(shapes[0]) and \(shapes[1]) differ")
        return [m, n]
    case .gram:
        for other in shapes { check(other == shapes[0], "\(other) is not of the shape \(shapes[0])") }
        return [shapes.count, shapes.count]
    case .minimumNormWeights:
        check(
            shapes[0].rank == 2 && shapes[0][0] == shapes[0][1] && shapes[0].count > 0,
            "\(shapes[0]) is not a Gram matrix")
        return [shapes[0][0]]
    case .convolution(let g):
        let batch = shapes[0][0]
        check(shapes[0] == g.inputShape(batch: batch), "input \(shapes[0]), expected \(g.inputShape(batch: batch))")
        check(shapes[1] == g.weightShape, "weight \(shapes[1]), expected \(g.weightShape)")
        check(g.outputHeight > 0 && g.outputWidth > 0, "input \(shapes[0]) is smaller than the kernel \(shapes[1])")
        return g.outputShape(batch: batch)
    case .convolutionInputGradient(let g):
        let batch = shapes[0][0]
        check(shapes[0] == g.outputShape(batch: batch), "input \(shapes[0]), expected \(g.outputShape(batch: batch))")
        check(shapes[1] == g.weightShape, "weight \(shapes[1]), expected \(g.weightShape)")
        check(g.height > 0 && g.width > 0, "output would be empty")
        return g.inputShape(batch: batch)
    case .convolutionWeightGradient(let g):
        let batch = shapes[0][0]
        check(
            shapes[0] == g.inputShape(batch: batch) && shapes[1] == g.outputShape(batch: batch),
            "\(shapes[0]), \(shapes[1])")
        return g.weightShape
    case .filterWeights(let f):
        check(shapes[0] == f.geometry.weightShape, "weight \(shapes[0]), expected \(f.geometry.weightShape)")
        return [f.packedCount]
    case .filteredConvolution(let f):
        let (fine, coarse) = (
            f.geometry.inputShape(batch: shapes[0][0]), f.geometry.outputShape(batch: shapes[0][0])
        )
        check(shapes[0] == (f.pass == .inputGradient ? coarse : fine), "\(shapes[0])")
        switch f.pass {
        case .forward, .inputGradient:
            let weights: Shape = f.transformsWeights ? f.geometry.weightShape : [f.packedCount]
            check(shapes[1] == weights, "weights \(shapes[1]), expected \(weights)")
            return f.pass == .forward ? coarse : fine
        case .weightGradient:
            check(shapes[1] == coarse, "\(shapes[1]), expected \(coarse)")
            return f.geometry.weightShape
        }
    case .foldUpsampling:
        return [shapes[0][0] + 1, shapes[0][1] + 1, shapes[0][3], shapes[0][2]]
    case .foldUpsamplingGradient:
        return [shapes[0][0] - 1, shapes[0][1] - 1, shapes[0][3], shapes[0][2]]
    case .pad(let p):
        return [shapes[0][0], shapes[0][1] + p.top + p.bottom, shapes[0][2] + p.left + p.right, shapes[0][3]]
    case .padGradient(let p):
        return [shapes[0][0], shapes[0][1] - p.top - p.bottom, shapes[0][2] - p.left - p.right, shapes[0][3]]
    case .maxPool(let g), .averagePool(let g):
        return [shapes[0][0], g.outputHeight, g.outputWidth, shapes[0][3]]
    case .maxPoolGradient:
        return shapes[0]
    case .maxPoolPick(let g):
        return [shapes[0][0], g.outputHeight, g.outputWidth, shapes[0][3]]
    case .averagePoolGradient(let g):
        return [shapes[0][0], g.inputHeight, g.inputWidth, shapes[0][3]]
    case .upsampleNearest(let s), .upsampleBilinear(let s):
        return [shapes[0][0], shapes[0][1] * s, shapes[0][2] * s, shapes[0][3]]
    case .upsampleNearestGradient(let s), .upsampleBilinearGradient(let s):
        return [shapes[0][0], shapes[0][1] / s, shapes[0][2] / s, shapes[0][3]]
    case .depthToSpace(let s):
        check(shapes[0][3] % (s * s) == 0, "\(shapes[0]) has channels not divisible by \(s * s)")
        return [shapes[0][0], shapes[0][1] * s, shapes[0][2] * s, shapes[0][3] / (s * s)]
    case .spaceToDepth(let s):
        return [shapes[0][0], shapes[0][1] / s, shapes[0][2] / s, shapes[0][3] * s * s]
    }
}
