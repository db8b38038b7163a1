-- The AI functions and all their argument forms, generated from the list of AI functions. Each is a submit and a wait.
@overloads@
