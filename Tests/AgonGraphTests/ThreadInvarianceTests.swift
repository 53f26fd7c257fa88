import AgonTensors
import CAgonKernels
import Testing

@testable import AgonGraph

/// The same bits for any number of threads: a small convolutional GAN with batch norm, dropout and Adam.
@Suite struct ThreadInvarianceTests {
    /// Variables after some steps of both networks, and all losses on the way.
    private func trained(threads: Int) throws -> [String: [Float]] {
        let game = SmallGame()
        let pool = WorkerPool(threads: threads)
        let steps = try [("discriminator", try game.discriminatorStep()), ("generator", try game.generatorStep())].map {
            try CompiledStep($1, name: $0, pool: pool, seed: 7)
        }
        let real = uniform(SmallGame.batch * 16 * 16 * 3, seed: 5)
        var results: [String: [Float]] = [:]
        for index in 0..<3 {
            for step in steps {
                step.run(["real": real], index: index)
                for name in step.outputNames { results["\(step.name) \(index) \(name)"] = try step.values(name) }
            }
        }
        for variable in Set(steps.flatMap(\.variables).map(\.id)) {
            results[variable.variable.name] = variable.variable.values
        }
        return results
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
        let expected = try trained(threads: 1)
        #expect(expected.values.allSatisfy { $0.allSatisfy { $0.isFinite } })
        for threads in [2, 3, 5] {
            let found = try trained(threads: threads)
            #expect(Set(found.keys) == Set(expected.keys))
            let different = expected.filter { name, values in
                found[name]?.map(\.bitPattern) != values.map(\.bitPattern)
            }
            #expect(different.isEmpty, "\(threads) threads: \(different.keys.sorted())")
        }
    }

    /// Whoever gets which piece, again and again.
    @Test func repeatedRunsGiveTheSameBits() throws {
        let expected = try trained(threads: 3)
        for _ in 0..<3 { #expect(try trained(threads: 3) == expected) }
    }
}

/// Kingma and Ba's rule as `agon_vector_kernels.update` takes it.
private struct AdamRule: ParameterUpdate {
    let states: [Variable]
    let kernel = Int32(AGON_UPDATE_ADAM.rawValue)

    func parameters(updates: Int) -> [Float] {
        func correction(_ beta: Float) -> Float { 1 - (0...updates).reduce(1) { product, _ in product * beta } }
        return [2e-3, 0.5, 0.99, 1e-8, 0, 0, 0, correction(0.5), correction(0.99)]
    }
}

/// Networks of 16 x 16 pixels with most kinds of layers.
private final class SmallGame {
    static let batch = 6
    private var variables: [String: Variable] = [:]

    private func variable(_ name: String, _ shape: Shape, scale: Float = 0.1, fill: Float? = nil) -> Variable {
        if let known = variables[name] { return known }
        let variable = Variable(name: name, shape: shape, role: fill == nil ? .parameter : .buffer)
        variable.values =
            fill.map { [Float](repeating: $0, count: shape.count) }
            ?? uniform(shape.count, seed: UInt64(name.utf8.reduce(7) { ($0 * 31 + Int($1)) % 65521 })).map {
                $0 * scale
            }
        variables[name] = variable
        return variable
    }

    private func batchNorm(_ x: Value, _ name: String, in graph: ComputeGraph) -> Value {
        let channels: Shape = [x.shape[-1]]
        let (mean, variance) = graph.moments(x)
        for (part, value, start) in [("mean", mean, Float(0)), ("variance", variance, 1)] {
            let running = variable("\(name).\(part)", channels, fill: start)
            graph.assign(
                graph.add(graph.affine(graph.read(running), scale: 0.9), graph.affine(value, scale: 0.1)), to: running)
        }
        return graph.normalize(
            x, mean: mean, variance: variance, epsilon: 1e-5,
            weight: graph.affine(graph.read(variable("\(name).weight", channels)), offset: 1),
            bias: graph.read(variable("\(name).bias", channels)))
    }

    private func generated(in graph: ComputeGraph) -> Value {
        let latent = graph.random(.normal(mean: 0, deviation: 1), stream: "latent", shape: [Self.batch, 1, 1, 20])
        var x = graph.convolutionTransposed(latent, weight: graph.read(variable("g0", [4, 4, 24, 20])))
        x = graph.apply(.leakyReLU(slope: 0), batchNorm(x, "g0.norm", in: graph))
        x = graph.upsampledConvolution(x, weight: graph.read(variable("g1", [3, 3, 24, 12])), padding: 1)
        x = graph.apply(.leakyReLU(slope: 0), batchNorm(x, "g1.norm", in: graph))
        x = graph.convolutionTransposed(
            x, weight: graph.read(variable("g2", [4, 4, 3, 12])), stride: (2, 2), padding: (1, 1))
        return graph.apply(.tanh, graph.add(x, graph.read(variable("g2.bias", [3]))))
    }

    private func scores(_ x: Value, call: String, in graph: ComputeGraph) -> Value {
        var x = graph.convolution(
            x, weight: graph.read(variable("d0", [4, 4, 3, 16])), stride: (2, 2), padding: (1, 1, 1, 1))
        x = graph.apply(.leakyReLU(slope: 0.2), graph.add(x, graph.read(variable("d0.bias", [16]))))
        x = graph.multiply(
            x, graph.random(.bernoulli(probability: 0.75, value: 4 / 3), stream: "dropout/\(call)", shape: x.shape))
        x = graph.convolution(
            x, weight: graph.read(variable("d1", [4, 4, 16, 32])), stride: (2, 2), padding: (1, 1, 1, 1))
        x = graph.apply(.leakyReLU(slope: 0.2), batchNorm(x, "d1.norm", in: graph))
        x = graph.convolution(x, weight: graph.read(variable("d2", [3, 3, 8, 32])), padding: (1, 1, 1, 1), groups: 4)
        x = graph.apply(.elu(alpha: 1), x)
        return graph.matmul(graph.flatten(x), graph.read(variable("d3", [16 * 32, 1])))
    }

    private func train(_ prefix: String, loss: Value, in graph: ComputeGraph) throws {
        graph.output("loss", loss)
        let trained = variables.values.filter { $0.name.hasPrefix(prefix) && $0.role == .parameter }
            .sorted { $0.name < $1.name }
        let gradients = try graph.gradients(of: loss, withRespectTo: trained.map { graph.read($0) })
        for (variable, gradient) in zip(trained, gradients) {
            let states = ["first", "second"].map {
                Variable(name: "\(variable.name).\($0)", shape: variable.shape, role: .optimizerState)
            }
            graph.update(variable, gradient: gradient, rule: AdamRule(states: states))
        }
    }

    func discriminatorStep() throws -> ComputeGraph {
        let graph = ComputeGraph()
        let real = scores(graph.input("real", shape: [Self.batch, 16, 16, 3]), call: "real", in: graph)
        let fake = scores(graph.stopGradient(generated(in: graph)), call: "fake", in: graph)
        let loss = graph.add(
            graph.mean(graph.softplus(graph.affine(real, scale: -1))), graph.mean(graph.softplus(fake)))
        try train("d", loss: loss, in: graph)
        return graph
    }

    func generatorStep() throws -> ComputeGraph {
        let graph = ComputeGraph()
        let images = generated(in: graph)
        let fake = scores(images, call: "fake", in: graph)
        graph.output("images", images)
        try train("g", loss: graph.mean(graph.softplus(graph.affine(fake, scale: -1))), in: graph)
        return graph
    }
}
