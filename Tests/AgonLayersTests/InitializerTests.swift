import AgonConfiguration
import AgonGraph
import AgonTensors
import Testing

@testable import AgonLayers

@Suite struct InitializerTests {
    /// The first weight of a linear layer of 300 to 200 under the initialiser, in PyTorch's layout.
    private func weight(_ initializer: String) throws -> [Float] {
        let net = try network(
            #"[{"type": "linear", "features": 200, "initialization": {"weights": \#(initializer)}}]"#, input: [300])
        return net.variables[0].exported().values
    }

    private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        return (mean, variance.squareRoot())
    }

    /// Initialiser, mean, deviation and greatest distance from the mean that follow from its definition. With 60000
    /// draws the deviation's own error is about 0.3 %; the bound is 4 of that.
    private static let distributions: [(String, mean: Double, deviation: Double, reach: Double)] = [
        (#"{"type": "normal", "mean": 1, "deviation": 0.02}"#, 1, 0.02, 0.2),
        (#"{"type": "truncatedNormal", "deviation": 0.5}"#, 0, 0.43981, 1),
        (#"{"type": "uniform", "low": -1, "high": 3}"#, 1, 1.154701, 2),
        (#"{"type": "xavierUniform"}"#, 0, 0.0632456, 0.109545),  // sqrt(2 / 500), sqrt(6 / 500)
        (#"{"type": "xavierNormal", "gain": 2}"#, 0, 0.126491, 1),
        (#"{"type": "kaimingUniform"}"#, 0, 0.0816497, 0.141422),  // sqrt(2 / 300), sqrt(6 / 300)
        (#"{"type": "kaimingNormal", "fan": "fanOut", "gain": 1}"#, 0, 0.0707107, 1),  // sqrt(1 / 200)
        (#""default""#, 0, 0.0333333, 0.0577351),  // sqrt(1 / 900), sqrt(1 / 300)
    ]

    @Test(arguments: distributions)
    func theDistributionIsAsDefined(_ initializer: String, mean: Double, deviation: Double, reach: Double) throws {
        let values = try weight(initializer)
        let found = moments(values)
        #expect(abs(found.mean - mean) < 4 * deviation / 60000.0.squareRoot())
        #expect(abs(found.deviation - deviation) < 0.012 * deviation)
        #expect(values.allSatisfy { abs(Double($0) - mean) <= reach * (1 + 1e-6) })
    }

    @Test func constantsAreConstant() throws {
        #expect(Set(try weight(#"{"type": "constant", "value": 0.25}"#)) == [0.25])
    }

    @Test func orthogonalWeightsHaveOrthonormalRows() throws {
        let net = try network(
            """
            [{"type": "convTranspose", "channels": 7, "kernel": 3,
              "initialization": {"weights": {"type": "orthogonal", "gain": 2}}}]
            """, input: [2, 2, 5])
        let tensor = net.variables[0].exported()
        #expect(tensor.shape == [5, 7, 3, 3])
        for first in 0..<5 {
            for second in 0...first {
                let product = (0..<63).reduce(0.0) {
                    $0 + Double(tensor.values[first * 63 + $1]) * Double(tensor.values[second * 63 + $1])
                }
                #expect(abs(product - (first == second ? 4 : 0)) < 1e-5)
            }
        }
    }

    @Test func aKernelsFansCountItsArea() {
        #expect(InitializationTarget.fans(of: [3, 5, 4, 8], .convolutionWeight) == (60, 120))
        // Memory [kh, kw, out, in]: PyTorch counts axis 1 of [in, out, kh, kw] as the fan in.
        #expect(InitializationTarget.fans(of: [3, 5, 4, 8], .transposedConvolutionWeight) == (60, 120))
        #expect(InitializationTarget.fans(of: [4, 8], .linearWeight) == (4, 8))
    }

    @Test func theNetworksSettingGoesByPartAndTheLayersOverIt() throws {
        let text = """
            {"layers": [
                {"type": "linear", "features": 12}, {"type": "reshape", "shape": [2, 2, 3]}, "batchNorm",
                {"type": "conv", "channels": 2, "kernel": 1},
                {"type": "conv", "channels": 2, "kernel": 1, "initialization": {"weights": {"type": "constant",
                 "value": 9}}}],
             "initialization": {
                "weights": {"type": "constant", "value": 1}, "linearWeights": {"type": "constant", "value": 2},
                "biases": {"type": "constant", "value": 3}, "normWeights": {"type": "constant", "value": 4}}}
            """
        let configuration = try ConfigReader.decode(
            NetworkConfiguration.self, from: try ConfigNode.parse(text, file: "test.json")
        ).value
        let net = try Network(name: "net", configuration: configuration, input: [3], seed: 1)
        let values = net.variables.map { "\($0.name) \(Set($0.values).sorted())" }
        #expect(
            values == [
                "net.0.weight [2.0]", "net.0.bias [3.0]", "net.2.weight [4.0]", "net.2.bias [0.0]",
                "net.2.running_mean [0.0]", "net.2.running_var [1.0]", "net.3.weight [1.0]", "net.3.bias [3.0]",
                "net.4.weight [9.0]", "net.4.bias [3.0]",
            ])
    }

    @Test func defaultBiasesAreBoundedByTheirWeightsFan() throws {
        let net = try network(#"[{"type": "conv", "channels": 4000, "kernel": 2}]"#, input: [2, 2, 25])
        let bias = net.variables[1].values
        #expect(bias.allSatisfy { abs($0) <= 0.1 })
        #expect((bias.max() ?? 0) > 0.095)
    }
}
