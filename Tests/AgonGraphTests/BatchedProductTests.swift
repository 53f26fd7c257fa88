import AgonTensors
import Testing

@testable import AgonGraph

@Suite struct BatchedProductTests {
    @Test(arguments: [(1, 1, 1, 1), (3, 4, 5, 2), (2, 16, 8, 4), (5, 1, 7, 1)])
    func eachPairIsMultiplied(pairs: Int, rows: Int, inner: Int, columns: Int) throws {
        let a = RandomStream(seed: 1, purpose: "a").normal(count: pairs * rows * inner)
        let b = RandomStream(seed: 2, purpose: "b").normal(count: pairs * inner * columns)
        let graph = ComputeGraph()
        let x = graph.input("x", shape: [pairs, rows, inner])
        let y = graph.input("y", shape: [pairs, inner, columns])
        let product = graph.batchedProduct(x, y)
        #expect(product.shape == [pairs, rows, columns])
        graph.output("product", product)
        // The gradient of the sum by x: the sums of y's rows.
        graph.output("slope", try graph.gradients(of: graph.sum(product), withRespectTo: [x])[0])
        let step = try CompiledStep(graph, name: "products", pool: WorkerPool(threads: 1), seed: 0)
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                guard let a = a.baseAddress, let b = b.baseAddress else { return }
                step.run(inputs: ["x": a, "y": b])
            }
        }
        let found = try #require(step.output("product")?.values)
        let slope = try #require(step.output("slope")?.values)
        for pair in 0..<pairs {
            for row in 0..<rows {
                for column in 0..<columns {
                    let expected = (0..<inner).reduce(0.0) { sum, index in
                        let left = a[(pair * rows + row) * inner + index]
                        return sum + Double(left) * Double(b[(pair * inner + index) * columns + column])
                    }
                    #expect(abs(Double(found[(pair * rows + row) * columns + column]) - expected) < 1e-4)
                }
                for index in 0..<inner {
                    let start = (pair * inner + index) * columns
                    let expected = b[start..<start + columns].reduce(0, +)
                    #expect(abs(slope[(pair * rows + row) * inner + index] - expected) < 1e-4)
                }
            }
        }
    }
}
