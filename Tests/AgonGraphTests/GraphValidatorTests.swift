import AgonTensors
import Testing

@testable import AgonGraph

/// Each check of the validator on a graph that breaks it.
@Suite struct GraphValidatorTests {
    private let state = Variable(name: "state", shape: [2], role: .buffer)

    private func node(_ index: Int, _ shape: Shape, _ operation: Operation, _ inputs: Value...) -> Node {
        Node(operation: operation, inputs: inputs, output: Value(index: index, shape: shape), origin: .root.key("here"))
    }

    private func value(_ index: Int, _ shape: Shape = [2]) -> Value { Value(index: index, shape: shape) }

    private func expectProblem(
        _ problem: String, at index: Int, _ operation: String, in nodes: [Node],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            throws: GraphError.invalid(node: index, operation: operation, problem: problem),
            sourceLocation: sourceLocation
        ) { try GraphValidator.check(nodes) }
    }

    @Test func aSoundGraphPasses() throws {
        try GraphValidator.check([
            node(0, [2], .variable(state.id)), node(1, [2], .unary(.square), value(0)),
            node(2, [2], .assign(state.id), value(1)), node(3, [2], .unary(.tanh), value(2)),
        ])
    }

    @Test func numbering() {
        expectProblem("is numbered 1", at: 0, "constant", in: [node(1, [2], .constant(1))])
    }

    @Test func order() {
        expectProblem(
            "reads the later node 1", at: 0, "unary",
            in: [node(0, [2], .unary(.square), value(1)), node(1, [2], .constant(1))])
        expectProblem("reads the later node 0", at: 0, "unary", in: [node(0, [2], .unary(.square), value(0))])
    }

    @Test func shapesOfInputs() {
        expectProblem(
            "reads [3] where node 0 makes [2]", at: 1, "unary",
            in: [node(0, [2], .constant(1)), node(1, [3], .unary(.square), value(0, [3]))])
    }

    @Test func shapeOfTheOutput() {
        expectProblem(
            "has shape [3], expected [2]", at: 1, "unary",
            in: [node(0, [2], .constant(1)), node(1, [3], .unary(.square), value(0))])
    }

    @Test func shapeOfAWrite() {
        expectProblem(
            "writes [3] to [2]", at: 1, "assign",
            in: [node(0, [3], .constant(1)), node(1, [3], .assign(state.id), value(0, [3]))])
    }

    @Test func overwrittenValues() {
        expectProblem(
            "reads a value of a variable that node 2 has overwritten", at: 3, "unary",
            in: [
                node(0, [2], .variable(state.id)), node(1, [2], .constant(1)),
                node(2, [2], .assign(state.id), value(1)), node(3, [2], .unary(.square), value(0)),
            ])
        // The value of a write, after the next.
        expectProblem(
            "reads a value of a variable that node 2 has overwritten", at: 3, "unary",
            in: [
                node(0, [2], .constant(1)), node(1, [2], .assign(state.id), value(0)),
                node(2, [2], .assign(state.id), value(0)), node(3, [2], .unary(.square), value(1)),
            ])
    }

    /// A reshaped value and a slice of samples are the variable's own memory.
    @Test func viewsOfOverwrittenValues() {
        expectProblem(
            "reads a value of a variable that node 4 has overwritten", at: 5, "unary",
            in: [
                node(0, [2], .variable(state.id)), node(1, [1], .slice(axis: 0, start: 1, count: 1), value(0)),
                node(2, [1, 1], .reshape([1, 1]), value(1, [1])), node(3, [2], .constant(1)),
                node(4, [2], .assign(state.id), value(3)), node(5, [1, 1], .unary(.square), value(2, [1, 1])),
            ])
    }

    @Test func messagesSayWhatAndWhere() {
        #expect(
            "\(GraphError.invalid(node: 3, operation: "matmul", problem: "reads the later node 4"))"
                == "graph node 3 (matmul): reads the later node 4")
        #expect(
            "\(GraphError.noDerivative(operation: "assign", origin: .root.key("generator").key("layers").index(1)))"
                == "generator.layers[1]: 'assign' cannot be differentiated here; "
                + "use another layer or an objective without this derivative")
        #expect("\(GraphError.notScalar(shape: "[2]"))" == "a loss must be a scalar, not [2]")
    }
}
