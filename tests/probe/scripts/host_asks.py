learning_rate = float(input("learning rate? "))
