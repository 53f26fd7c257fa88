import AgonGraph
import AgonTensors
import Testing

/// Memory's layout against that of files.
@Suite struct VariableTests {
    private func numbered(_ shape: Shape, _ layout: PyTorchLayout) -> Variable {
        let variable = Variable(name: "v", shape: shape, role: .parameter, layout: layout)
        variable.values = (0..<shape.count).map(Float.init)
        return variable
    }

    /// Element `at` of a file is the element of memory whose place `memory` names.
    @Test func layouts() {
        let table: [(PyTorchLayout, memory: Shape, file: Shape, at: [Int], from: [Int])] = [
            (.plain, [2, 3], [2, 3], [1, 2], [1, 2]),
            (.linearWeight, [2, 3], [3, 2], [2, 1], [1, 2]),  // [in, out] to [out, in]
            (.convolutionWeight, [5, 4, 2, 3], [3, 2, 5, 4], [2, 1, 4, 3], [4, 3, 1, 2]),
            (.transposedConvolutionWeight, [5, 4, 3, 2], [2, 3, 5, 4], [1, 2, 4, 0], [4, 0, 2, 1]),
            (.image, [4, 5, 3], [3, 4, 5], [2, 1, 4], [1, 4, 2]),
            (.images, [2, 4, 5, 3], [2, 3, 4, 5], [1, 2, 3, 0], [1, 3, 0, 2]),
        ]
        for (layout, memory, file, at, from) in table {
            let variable = numbered(memory, layout)
            let exported = variable.exported()
            #expect(exported.shape == file && variable.pyTorchShape == file, "\(layout)")
            #expect(exported.values[number(at, in: file)] == Float(number(from, in: memory)), "\(layout)")

            let copy = Variable(name: "copy", shape: memory, role: .parameter, layout: layout)
            #expect(copy.importing(exported))
            #expect(copy.values == variable.values, "\(layout)")
        }
    }

    /// A tensor of another shape is refused, though its count fits, and leaves the values alone.
    @Test func otherShapesAreRefused() {
        let variable = numbered([2, 3], .linearWeight)
        #expect(!variable.importing(Tensor(shape: [2, 3], repeating: 9)))
        #expect(!variable.importing(Tensor(shape: [6], repeating: 9)))
        #expect(variable.values == [0, 1, 2, 3, 4, 5])
    }

    @Test func startsAtZeroAndAligned() {
        for count in [1, 15, 1000] {
            let variable = Variable(name: "v", shape: [count], role: .buffer)
            #expect(variable.values == [Float](repeating: 0, count: count))
            #expect(Int(bitPattern: variable.storage) % 64 == 0)
        }
    }

    @Test func identity() {
        let (a, b) = (numbered([1], .plain), numbered([1], .plain))
        #expect(a.id == a.id && a.id != b.id)
        let graph = ComputeGraph()
        #expect(graph.read(a) == graph.read(a) && graph.read(a) != graph.read(b))
    }
}
