import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors

extension RecordedCase {
    static let normOperations: [String: Build] = [
        "batch_norm": { recorded, inside in
            let graph = inside.graph
            let epsilon = try recorded.epsilon()
            let isTraining = try recorded.attributes.boolean(
                "training", default: true, "Whether to use the batch's statistics.")
            _ = try recorded.tensor("input", rank: 2, 3, 4)
            let x = try inside.input("input", .channelsLast)
            let mean: Value
            let variance: Value
            if isTraining {
                (mean, variance) = graph.moments(x)
            } else {
                (mean, variance) = (
                    try inside.perChannel("running_mean", of: x), try inside.perChannel("running_var", of: x)
                )
            }
            let y = graph.normalize(
                x, mean: mean, variance: variance, epsilon: epsilon,
                weight: try inside.optionalPerChannel("weight", of: x),
                bias: try inside.optionalPerChannel("bias", of: x))
            return (y, .channelsLast)
        },
        "instance_norm": { recorded, inside in
            _ = try recorded.tensor("input", rank: 3, 4)
            let x = try inside.input("input", .channelsLast)
            let perChannel = [x.shape[0]] + [Int](repeating: 1, count: x.shape.rank - 2) + [x.shape[-1]]
            let (mean, variance) = inside.graph.moments(x, to: Shape(perChannel))
            let y = inside.graph.normalize(
                x, mean: mean, variance: variance, epsilon: try recorded.epsilon(),
                weight: try inside.optionalPerChannel("weight", of: x),
                bias: try inside.optionalPerChannel("bias", of: x))
            return (y, .channelsLast)
        },
        "layer_norm": { recorded, inside in
            let shape = try recorded.tensor("input", rank: 2, 3, 4).shape
            // The trailing axes that are normalized together: those of the weight, or of all of a sample.
            let given = try ["weight", "bias"].first(where: recorded.has).map { try recorded.tensor($0).shape.rank }
            let count = given ?? shape.rank - 1
            let isWholeSample = count == shape.rank - 1
            guard (1..<shape.rank).contains(count) else {
                throw RecordedCaseError.impossible("a weight of \(count) axes does not fit samples of \(shape)")
            }
            let wanted = Shape(Array(shape.dimensions.suffix(count)))
            for name in ["weight", "bias"] where recorded.has(name) {
                let found = try recorded.tensor(name).shape
                guard found == wanted else { throw RecordedCaseError.shape(name, found: wanted, expected: found) }
            }
            let (layout, own): (BorderLayout, BorderLayout) =
                isWholeSample ? (.channelsLast, .sample) : (.plain, .plain)
            let x = try inside.input("input", layout)
            let outer = Array(x.shape.dimensions.dropLast(count)) + [Int](repeating: 1, count: count)
            let (mean, variance) = inside.graph.moments(x, to: Shape(outer))
            let y = inside.graph.normalize(
                x, mean: mean, variance: variance, epsilon: try recorded.epsilon(),
                weight: try inside.optionalInput("weight", own), bias: try inside.optionalInput("bias", own))
            return (y, layout)
        },
    ]

    private func epsilon() throws -> Float {
        Float(try attributes.number("eps", in: .positive, default: 1e-5, "Added to the variance."))
    }

    /// Batch norm's running statistics after two training passes: the input, then `2 * input + 1`.
    func replayRunningStatistics(_ recorded: RecordedCase) throws {
        guard operation == "batch_norm" else {
            throw RecordedCaseError.unknown("operation", operation, known: ["batch_norm"])
        }
        var layer = BatchNormLayer()
        layer.momentum = Float(try attributes.number("momentum", in: 0...1, default: 0.1, "Weight of the batch."))
        let input = try BorderLayout.channelsLast.entering(tensor("input", rank: 2, 3, 4), name: "input")
        let network = try Network(
            name: "case", layers: [layer], input: Shape(Array(input.shape.dimensions.dropFirst())), seed: 0)
        for values in [input.values, input.values.map { 2 * $0 + 1 }] {
            let graph = ComputeGraph()
            let x = graph.input("input", shape: input.shape)
            graph.output("output", try network.apply(x, in: graph, mode: .training))
            let step = try CompiledStep(graph, name: name, pool: pool, seed: 0)
            values.withUnsafeBufferPointer { pointer in
                if let base = pointer.baseAddress { step.run(inputs: ["input": base]) }
            }
        }
        for variable in network.statistics {
            try compare(String(variable.name.split(separator: ".").last ?? ""), variable.exported())
        }
    }

    /// The weight under spectral norm, as the layers compute it: read from a layer applied to unit vectors.
    func replaySpectralNorm(_ recorded: RecordedCase) throws {
        guard operation == "spectral_norm" else {
            throw RecordedCaseError.unknown("operation", operation, known: ["spectral_norm"])
        }
        let iterations = try attributes.integer("power_iterations", in: 1...100, default: 1, "Power iterations.")
        let weight = try tensor("weight", rank: 2, 4)
        let u = try tensor("u", rank: 1)
        let outputs = weight.shape[0]
        let inputs = weight.shape.count / outputs

        // The layer that would compute it in training, declared as in a config.
        let common = "\"bias\": false, \"norm\": {\"type\": \"spectral\", \"iterations\": \(iterations)}"
        let image: Shape
        let layer: String
        if weight.shape.rank == 2 {
            image = [inputs]
            layer = "{\"type\": \"linear\", \"features\": \(outputs), \(common)}"
        } else {
            image = [weight.shape[2], weight.shape[3], weight.shape[1]]
            layer =
                "{\"type\": \"conv\", \"channels\": \(outputs), \"kernel\": [\(image[0]), \(image[1])], \(common)}"
        }
        let node = try ConfigNode.parse("{\"layers\": [\(layer)]}", file: "case")
        let network = try Network(
            name: "case", configuration: ConfigReader.decode(NetworkConfiguration.self, from: node).value, input: image,
            seed: 0)
        for (suffix, values) in [("weight_orig", weight), ("weight_u", u)] {
            guard let variable = network.variables.first(where: { $0.name.hasSuffix(suffix) }),
                variable.importing(values)
            else { throw RecordedCaseError.impossible("the layer has no '\(suffix)' of shape \(values.shape)") }
        }

        // Unit vector i of PyTorch's order gives row i of the transposed weight matrix.
        let graph = ComputeGraph()
        let units = graph.input("units", shape: Shape([inputs] + image.dimensions))
        let rows = graph.flatten(try network.apply(units, in: graph, mode: .training))
        graph.output("normalised", rows)
        let step = try CompiledStep(graph, name: name, pool: pool, seed: 0)
        var identity = Tensor(shape: [inputs, inputs])
        for index in 0..<inputs { identity.values[index * inputs + index] = 1 }
        let batch =
            image.rank == 1
            ? identity
            : identity.reshaped([inputs, image[2], image[0], image[1]]).permuted([0, 2, 3, 1])
        batch.values.withUnsafeBufferPointer { pointer in
            if let base = pointer.baseAddress { step.run(inputs: ["units": base]) }
        }
        guard let found = step.output("normalised"),
            let moved = network.variables.first(where: { $0.name.hasSuffix("weight_u") })
        else { throw RecordedCaseError.impossible("the layer gave no weight") }
        let normalised = found.reshaped([inputs, outputs]).permuted([1, 0])
        try compare("normalised", normalised.reshaped(weight.shape))
        try compare("new_u", moved.exported())
        // w = sigma * normalised, so sigma = w·w / w·normalised; v is along W'u of the iteration before.
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
        try compare("sigma", [dot(weight.values, weight.values) / dot(weight.values, normalised.values)])
        try compare("new_v", rightVector(weight.values, u: u.values, iterations: iterations))
    }

    /// `v` after the power iterations, in double precision.
    private func rightVector(_ weight: [Float], u: [Float], iterations: Int) -> [Double] {
        let inputs = weight.count / u.count
        func unit(_ x: [Double]) -> [Double] {
            let length = max(x.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
            return x.map { $0 / length }
        }
        var left = u.map(Double.init)
        var right: [Double] = []
        for _ in 0..<iterations {
            right = unit(
                (0..<inputs).map { i in left.indices.reduce(0) { $0 + Double(weight[$1 * inputs + i]) * left[$1] } })
            left = unit(
                left.indices.map { o in right.indices.reduce(0) { $0 + Double(weight[o * inputs + $1]) * right[$1] } })
        }
        return right
    }
}

extension RecordedGraph {
    /// A vector with a value for each channel of `x`, whose channels are its last axis.
    fileprivate func perChannel(_ name: String, of x: Value) throws -> Value {
        let value = try input(name)
        guard value.shape == [x.shape[-1]] else {
            throw RecordedCaseError.shape(name, found: [x.shape[-1]], expected: value.shape)
        }
        return value
    }

    fileprivate func optionalPerChannel(_ name: String, of x: Value) throws -> Value? {
        recorded.has(name) ? try perChannel(name, of: x) : nil
    }
}
