import AgonGraph
import AgonTensors
import AgonTestFiles

/// A graph of randomly chosen operations, the same for the same seed, with the inputs to run it on.
///
/// Functions with jumps are applied to inputs alone, and values are kept of the order of one, so that single and double
/// precision agree. Each value comes with a bound of its magnitude.
final class RandomGraph {
    let graph = ComputeGraph()
    private(set) var inputShapes: [String: Shape] = [:]
    private var random: SplitMix64
    private var pool: [(value: Value, bound: Float)] = []
    private var kinkFree: [Value] = []  // inputs, away from zero
    private var parameters: [Variable] = []
    private let full: Shape

    /// - Parameters:
    ///   - full: the shape that most values have: `[N, H, W, C]`, `[N, C]` or `[C]`.
    ///   - operations: how many to choose.
    init(seed: UInt64, full: Shape, operations: Int, differentiated: Bool) throws {
        random = SplitMix64(seed: seed)
        self.full = full
        for index in 0..<3 { addInput("full\(index)", full) }
        for (index, shape) in smallShapes().enumerated() { addInput("small\(index)", shape) }
        for _ in 0..<operations { addOperation() }
        let outputs = (0..<5).map { _ in pick() } + [pool[pool.count - 1].value]
        for (index, value) in outputs.enumerated() { graph.output("output\(index)", value) }
        if differentiated { try addUpdates(of: outputs) }
        for (index, parameter) in parameters.enumerated() { graph.output("parameter\(index)", graph.read(parameter)) }
    }

    /// Inputs of their own for each run.
    func inputs(run: Int) -> [String: [Float]] {
        var values: [String: [Float]] = [:]
        for (index, (name, shape)) in inputShapes.sorted(by: { $0.key < $1.key }).enumerated() {
            values[name] = awayFromZero(shape.count, magnitude: 0.1..<1, seed: UInt64(100 * run + index))
        }
        return values
    }

    /// Shapes that operands of the full shape are broadcast from, of all kinds and some that no kind fits.
    private func smallShapes() -> [Shape] {
        switch full.rank {
        case 4:
            let (n, h, w, c) = (full[0], full[1], full[2], full[3])
            return [
                [], [1], [c], [1, 1, 1, c], [n, 1, 1, 1], [n, 1, 1, c], [n, h, w, 1], [1, h, w, c], [h, w, c],
                [n, h, 1, c], [1, 1, w, 1],
            ]
        case 2: return [[], [1, 1], [full[1]], [1, full[1]], [full[0], 1]]
        default: return [[], [1]]
        }
    }

    private func addInput(_ name: String, _ shape: Shape) {
        inputShapes[name] = shape
        let value = graph.input(name, shape: shape)
        pool.append((value, 1))
        kinkFree.append(value)
    }

    /// One of the values so far, the latest ones more often.
    private func pick() -> Value {
        let recent = random.below(2) == 0 ? min(6, pool.count) : pool.count
        return pool[pool.count - 1 - random.below(recent)].value
    }

    private func pick(where fits: (Value) -> Bool) -> Value? {
        for _ in 0..<8 {
            let value = pick()
            if fits(value) { return value }
        }
        return nil
    }

    private func bound(_ value: Value) -> Float { pool.last { $0.value == value }?.bound ?? 1 }

    private func add(_ value: Value, bound: Float) {
        // What has grown is brought back, which also makes chains longer.
        if bound > 4 { pool.append((graph.apply(.tanh, value), 1)) } else { pool.append((value, bound)) }
    }

    private func addOperation() {
        switch random.below(20) {
        case 0..<5: addUnary()
        case 5..<11: addBinary()
        case 11, 12: addSum()
        case 13: addNormalisation()
        case 14, 15: addProduct()
        case 16: addRearrangement()
        case 17: addRandomNumbers()
        case 18: addState()
        default:
            // The same again, to be merged.
            let x = pick()
            let twice = (0..<2).map { _ in graph.apply(.sigmoid, graph.affine(x, scale: 0.75)) }
            add(graph.subtract(twice[0], graph.square(twice[1])), bound: 2)
        }
    }

    private func addUnary() {
        let x = pick()
        let b = bound(x)
        let functions: [(UnaryFunction, Float)] = [
            (.affine(scale: 0.5, offset: 0.25), 0.5 * b + 0.25), (.affine(scale: -1, offset: 0), b), (.absolute, b),
            (.square, b * b), (.tanh, 1), (.sigmoid, 1), (.softplus, b + 0.7), (.elu(alpha: 1), max(b, 1)),
            (.leakyReLU(slope: 0.2), b), (.leakyReLU(slope: 0), b), (.clamp(low: -0.5, high: 0.75), 0.75),
        ]
        let (function, bound) = functions[random.below(functions.count)]
        switch random.below(12) {
        case 0:
            let positive = graph.affine(graph.square(x), offset: 0.5)
            let roots: [UnaryFunction] = [.squareRoot, .reciprocal, .power(-0.5), .logarithm]
            add(graph.apply(roots[random.below(roots.count)], positive), bound: b + 2)
        case 1 where b <= 2: add(graph.exponential(x), bound: 7.4)
        case 2:
            let flat: [UnaryFunction] = [.sign, .step(threshold: 0.05)]
            add(graph.apply(flat[random.below(2)], kinkFree[random.below(kinkFree.count)]), bound: 1)
        case 3: add(graph.stopGradient(x), bound: b)
        default: add(graph.apply(function, x), bound: bound)
        }
    }

    private func addBinary() {
        let x = pick()
        let partner: Value? = pick { broadcastShape(x.shape, $0.shape).map { $0.count <= 2 * full.count } ?? false }
        guard let y = partner else { return }
        let (a, b) = (bound(x), bound(y))
        switch random.below(9) {
        case 0, 1: add(graph.add(x, y), bound: a + b)
        case 2: add(graph.subtract(x, y), bound: a + b)
        case 3, 4: add(graph.multiply(x, y), bound: a * b)
        case 5: add(graph.apply(random.below(2) == 0 ? .maximum : .minimum, x, y), bound: max(a, b))
        case 6: add(graph.divide(x, graph.affine(graph.square(y), offset: 1)), bound: a)
        case 7:
            let gradients: [BinaryFunction] = [.tanhGradient, .sigmoidGradient]
            add(graph.apply(gradients[random.below(2)], x, graph.sigmoid(y)), bound: a)
        default:
            let kinks: [BinaryFunction] = [.leakyReLUGradient(slope: 0.2), .eluGradient(alpha: 1)]
            guard let output = kinkFree.first(where: { $0.shape == x.shape }) else { return }
            add(graph.apply(kinks[random.below(2)], x, output), bound: 2 * a)
        }
    }

    private func addSum() {
        guard let x = pick(where: { $0.shape.rank > 0 }) else { return }
        if random.below(5) == 0, x.shape.rank > 1 {
            add(graph.append(.rowMaximum, [x]), bound: bound(x))
            return
        }
        var target = x.shape
        for axis in 0..<target.rank where random.below(2) == 0 { target[axis] = 1 }
        while target.rank > 0, target[0] == 1, random.below(2) == 0 { target.dimensions.removeFirst() }
        add(graph.mean(x, to: target), bound: bound(x))
    }

    private func addNormalisation() {
        guard let x = pick(where: { $0.shape == full && $0.shape.rank > 1 }) else { return }
        switch random.below(3) {
        case 0:
            let (mean, variance) = graph.moments(x)
            add(
                graph.normalize(x, mean: mean, variance: variance, epsilon: 0.5, weight: nil, bias: nil),
                bound: 3 * bound(x))
        case 1:
            var target = full
            for axis in 1..<(full.rank - random.below(2)) { target[axis] = 1 }
            let (mean, variance) = graph.moments(x, to: target)
            add(
                graph.normalize(x, mean: mean, variance: variance, epsilon: 0.5, weight: nil, bias: nil),
                bound: 3 * bound(x))
        default: add(random.below(2) == 0 ? graph.softmax(x) : graph.affine(graph.logSoftmax(x), scale: 0.25), bound: 4)
        }
    }

    private func addProduct() {
        guard let x = pick(where: { $0.shape == full && full.rank > 1 && full.count < 2000 }) else { return }
        let outputs = 1 + random.below(9)
        if full.rank == 2 {
            let weight = parameter([full[1], outputs], depth: full[1])
            add(graph.matmul(x, weight), bound: 2 * bound(x))
            // Back to the full shape.
            let back = parameter([full[1], outputs], depth: outputs)
            add(graph.matmul(pool[pool.count - 1].value, back, transposeB: true), bound: 4)
            return
        }
        let channels = full[3]
        if random.below(2) == 0 {
            let weight = parameter([3, 3, channels, channels], depth: 9 * channels)
            add(graph.convolution(x, weight: weight, padding: (1, 1, 1, 1)), bound: 2 * bound(x))
        } else {
            let weight = parameter([4, 4, channels, outputs], depth: 16 * channels)
            let smaller = graph.convolution(x, weight: weight, stride: (2, 2), padding: (2, 2, 2, 2))
            add(smaller, bound: 2 * bound(x))
            let (h, w) = (smaller.shape[1], smaller.shape[2])
            let back = graph.convolutionTransposed(
                pool[pool.count - 1].value, weight: weight, stride: (2, 2), padding: (1, 1))
            add(
                graph.pad(back, Padding(top: 0, left: 0, bottom: full[1] - 2 * h, right: full[2] - 2 * w)), bound: 4)
        }
    }

    /// A new weight such that products with it keep the order of magnitude.
    private func parameter(_ shape: Shape, depth: Int) -> Value {
        let variable = Variable(name: "parameter \(parameters.count)", shape: shape, role: .parameter)
        let scale = 2 / Float(depth).squareRoot()
        variable.values = uniform(shape.count, seed: UInt64(1000 + parameters.count)).map { scale * $0 }
        parameters.append(variable)
        return graph.read(variable)
    }

    private func addRearrangement() {
        guard let x = pick(where: { $0.shape.rank > 0 && $0.shape.count > 1 }) else { return }
        let b = bound(x)
        let axis = random.below(x.shape.rank)
        switch random.below(5) {
        case 0: add(graph.reshape(x, [x.shape.count]), bound: b)
        case 1: add(graph.reshape(x, Shape([1] + x.shape.dimensions)), bound: b)
        case 2 where x.shape[axis] > 1:
            let count = 1 + random.below(x.shape[axis] - 1)
            let part = graph.slice(x, axis: axis, start: random.below(x.shape[axis] - count + 1), count: count)
            add(part, bound: b)
            add(graph.append(.sliceGradient(axis: axis, start: 0, extent: x.shape[axis]), [part]), bound: b)
        case 3 where x.shape.count <= full.count:
            add(graph.concatenate([x, graph.square(x)], axis: axis), bound: max(b, b * b))
        default:
            if x.shape == full, full.rank == 4 { add(graph.flatten(x), bound: b) }
        }
    }

    private func addRandomNumbers() {
        let distributions: [Distribution] = [
            .uniform(low: -1, high: 1), .bernoulli(probability: 0.5, value: 2), .normal(mean: 0, deviation: 0.25),
        ]
        let stream = "stream \(random.below(3))"
        let noise = graph.random(distributions[random.below(3)], stream: stream, shape: full)
        guard let x = pick(where: { broadcastShape($0.shape, full) == full }) else { return }
        add(graph.multiply(x, noise), bound: 2 * bound(x))
    }

    /// A variable that is read, overwritten with a mean of old and new, and read again.
    private func addState() {
        let x = pick()
        let variable = Variable(name: "state \(graph.nodes.count)", shape: x.shape, role: .buffer)
        variable.values = uniform(x.shape.count, seed: UInt64(graph.nodes.count))
        let old = graph.tripled(graph.read(variable))
        graph.assign(
            graph.add(graph.affine(graph.read(variable), scale: 0.5), graph.affine(x, scale: 0.5)), to: variable)
        add(graph.subtract(graph.stopGradient(graph.read(variable)), old), bound: bound(x) + 4)
    }

    /// Differentiates a loss of the outputs, moves the parameters along their gradients and reads them again.
    private func addUpdates(of outputs: [Value]) throws {
        let losses = outputs.map { graph.mean(graph.square($0)) }
        let loss = losses.dropFirst().reduce(losses[0]) { graph.add($0, $1) }
        let inputs = (0..<3).map { graph.input("full\($0)", shape: full) }
        let weights = parameters.map { graph.read($0) }
        let gradients = try graph.gradients(of: loss, withRespectTo: weights + inputs)
        graph.output("loss", loss)
        for (parameter, gradient) in zip(parameters, gradients) {
            graph.update(parameter, gradient: gradient, rule: PlainDescent(rate: 0.05))
            graph.output("moved \(parameter.name)", graph.sum(graph.square(graph.read(parameter))))
        }
        for (index, gradient) in gradients.suffix(3).enumerated() {
            graph.output("gradient\(index)", graph.affine(gradient, scale: Float(full.count)))
        }
    }
}

extension ComputeGraph {
    fileprivate func tripled(_ x: Value) -> Value { affine(x, scale: 3) }
}
